import { startDocs } from './docs.ts'
import { curlCommand } from './example.ts'
import { startHost } from './host/host.ts'
import { runUntilStopped } from './lifetime.ts'
import { portFor } from './ports.ts'
import { startReceiver, type Delivery } from './receiver.ts'
import { addToEnvironment, quickPolling, root } from './settings.ts'
import { startStack, type Stack } from './stack.ts'
import { subscribeExample } from './subscribe.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

const HOUR = 3600

// `npm start`: the whole app on this machine, in memory, with a subscriber.
await runUntilStopped(async () => {
  const began = performance.now()
  const stack = await startStack({
    queue: portFor('QUEUE_PORT'),
    blob: portFor('BLOB_PORT'),
    cosmos: portFor('COSMOS_PORT'),
    issuer: portFor('ISSUER_PORT'),
  })
  try {
    addToEnvironment({ ...stack.settings, ...quickPolling })
    const host = await startHost({ folder: root, port: portFor('PORT') })
    const docs = await startDocs({
      port: portFor('DOCS_PORT'),
      app: host.url,
      issuer: stack.issuer.url,
    })
    const receiver = await startReceiver({ onDelivery: print })
    const api = `${host.url}/events/api/v1`
    receiver.setSecret(await subscribeExample(api, stack.issuer.url, `${receiver.url}/hook`))
    await greet(api, docs.url, stack, performance.now() - began)
    return async () => {
      await Promise.all([docs.stop(), host.stop()])
      await Promise.all([receiver.stop(), stack.stop()])
    }
  } catch (error) {
    await stack.stop()
    throw error
  }
})

function print({ event, verified }: Delivery): void {
  if (verified === undefined) return // the event that validates the subscription
  console.log(
    `\nThe subscriber got ${event?.type} ${event?.id}, signature ${verified ? 'verified' : 'NOT verified'}\n`,
  )
}

async function greet(
  api: string,
  docs: string,
  { emulators, issuer }: Stack,
  ms: number,
): Promise<void> {
  const [altinn, platform] = await Promise.all([
    altinnToken(issuer.url, callers.org('ttd'), HOUR),
    platformToken(issuer.url, 'ttd', 'apps-test', HOUR),
  ])
  console.log(`
App Events is ready, in ${(ms / 1000).toFixed(1)} s.

  Publish    POST ${api}/app
  Subscribe  POST ${api}/subscriptions
  Health     GET  ${api}/health   (well after the first sweep, within 30 s)
  Try it     ${docs}   (every endpoint, with tokens)
  Cosmos DB  http://127.0.0.1:${emulators.ports.cosmos}
  Queues     http://127.0.0.1:${emulators.ports.queue}
  Tokens     ${issuer.url}

Publish the documentation's example; a subscriber gets it a moment later. These tokens are good for an hour,
npm run token -- --org ttd --app apps-test prints new ones:

${curlCommand(`${api}/app`, altinn, platform)}

See what became of it, the stored document and the queues:

npm run show

Ctrl-C stops everything.
`)
}
