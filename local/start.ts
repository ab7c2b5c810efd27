import { parseArgs } from 'node:util'
import { readConfig } from '../shared/config.ts'
import { startDocs } from './docs.ts'
import { greeting } from './greeting.ts'
import { startHost } from './host/host.ts'
import { runUntilStopped } from './lifetime.ts'
import { assertPortsAreFree, portFor, portHelp } from './ports.ts'
import { startPolicyDecisionPoint } from './policy-decision-point.ts'
import { startReceiver, type Delivery } from './receiver.ts'
import { createSignIn } from './sign-in.ts'
import {
  addToEnvironment,
  fastPolling,
  readSampleSettings,
  root,
  withEnvironment,
} from './settings.ts'
import { startStack, type Stack } from './stack.ts'
import { subscribeExample } from './subscribe.ts'

const help = `npm start: runs the whole app on this machine, in memory, with a subscriber. Every setting of the app can be given as an
environment variable; with the token issuer of someone else there is no subscriber, and there are no tokens.

--policy has the app ask a policy decision point, a stand-in that permits everything, instead of grants.

${portHelp}`

const EXAMPLE = '/hook' // the path of the subscriber of the example; the receiver answers at every other too

const { values } = parseArgs({
  options: { help: { type: 'boolean' }, policy: { type: 'boolean', default: false } },
})
if (values.help === true) console.log(help)
else await runUntilStopped(start)

/** Starts everything and prints where it is. Returns what stops it; throws for a wrong setting or a port that is taken. */
async function start(): Promise<() => Promise<void>> {
  const began = performance.now()
  readConfig({ ...withEnvironment(readSampleSettings()), ...process.env }) // a wrong setting is told before anything is started
  await assertPortsAreFree()
  const stack = await startStack({
    queue: portFor('QUEUE_PORT'),
    blob: portFor('BLOB_PORT'),
    cosmos: portFor('COSMOS_PORT'),
    issuer: portFor('ISSUER_PORT'),
    register: portFor('REGISTER_PORT'),
  })
  const policy = values.policy ? await startPolicyDecisionPoint() : undefined
  try {
    addToEnvironment(policy?.settings ?? {})
    addToEnvironment({ ...stack.settings, ...fastPolling })
    const foreign = foreignIssuers(stack)
    const issuer = foreign.length === 0 ? stack.issuer.url : undefined
    const receiver = await startReceiver({ onDelivery: printDelivery })
    const host = await startHost({
      folder: root,
      port: portFor('PORT'),
      ...(issuer !== undefined && { intercept: createSignIn(issuer, receiver.url) }),
    })
    const docs = await startDocs({ port: portFor('DOCS_PORT'), app: host.url, issuer })
    if (issuer !== undefined)
      receiver.setSecret(
        await subscribeExample(`${host.url}/events/api/v1`, issuer, `${receiver.url}${EXAMPLE}`),
      )
    const seconds = (performance.now() - began) / 1000
    console.log(await greeting({ app: host.url, docs: docs.url, stack, seconds, foreign }))
    return async () => {
      await Promise.all([docs.stop(), host.stop()])
      await Promise.all([receiver.stop(), stack.stop(), policy?.stop()])
    }
  } catch (error) {
    await Promise.all([stack.stop(), policy?.stop()])
    throw error
  }
}

/** Returns the settings that have the app trust another issuer than the stack's: it refuses the stack's tokens then. */
function foreignIssuers({ issuer }: Stack): string[] {
  return Object.entries(issuer.settings)
    .filter(([name, value]) => process.env[name] !== value)
    .map(([name]) => name)
}

/** Prints what a subscriber got; the signature, where its secret is known. The event that validates a subscription is none. */
function printDelivery({ path, event, verified }: Delivery): void {
  if (event?.type === 'platform.events.validatesubscription') return
  const signature = verified ? 'verified' : 'NOT verified'
  const says = path === EXAMPLE ? `, signature ${signature}` : ` at ${path}`
  console.log(`\nThe subscriber got ${event?.type} ${event?.id}${says}\n`)
}
