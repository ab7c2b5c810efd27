import { setTimeout as sleep } from 'node:timers/promises'
import { clientBody, clientHeaders, genericEvent } from './example.ts'
import { startHost } from './host/host.ts'
import { fail } from './lifetime.ts'
import { newestEvents } from './inspect.ts'
import { startReceiver } from './receiver.ts'
import { addToEnvironment, fastPolling, root } from './settings.ts'
import { startStack, type Stack } from './stack.ts'
import { subscribeExample } from './subscribe.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

const INDEX_MS = 3100 // how old a process's index of subscriptions can be, and a moment more

// `npm run demo`: one event from its publisher to a subscriber, on a stack of its own; exit 0 if every step did what it should.
// With `--generic` the event is of a resource that is no app's.
const isGeneric = process.argv.includes('--generic')
try {
  const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0, register: 0 })
  addToEnvironment({ ...stack.settings, ...fastPolling })
  const host = await startHost({ folder: root, port: 0 })
  const receiver = await startReceiver()
  const api = `${host.url}/events/api/v1`
  const filters = isGeneric ? { resourceFilter: genericEvent.resource } : {}
  receiver.setSecret(await subscribeExample(api, stack.issuer.url, `${receiver.url}/hook`, filters))
  await sleep(INDEX_MS)
  const id = await (isGeneric
    ? publishGeneric(`${api}/events`, stack)
    : publish(`${api}/app`, stack))
  const { body, verified } = await receiver.waitFor(({ event }) => event?.id === id)
  console.log(
    `\nThe subscriber got, ${verified ? 'with a good signature' : 'WITHOUT a good signature'}:\n${body}`,
  )
  if (verified !== true) throw new Error('The webhook was not signed as it must be.')
  const document = await fannedOut(stack.settings.Cosmos, stack.settings.COSMOS_DATABASE)
  console.log('\nStored, with its fan-out noted:', JSON.stringify(document, undefined, 2))
  await host.stop()
  await Promise.all([receiver.stop(), stack.stop()])
  process.exit(0)
} catch (error) {
  fail(error)
}

async function publish(url: string, { issuer }: Stack): Promise<string> {
  const altinn = await altinnToken(issuer.url, callers.org('ttd'))
  const platform = await platformToken(issuer.url, 'ttd', 'apps-test')
  const headers = clientHeaders(altinn, platform)
  const answer = await fetch(url, { method: 'POST', headers, body: clientBody() })
  const id = await answer.json()
  console.log(
    `\nPOST ${url}\n${answer.status} ${answer.headers.get('location')} ${JSON.stringify(id)}`,
  )
  if (answer.status !== 201) throw new Error('The event was not accepted.')
  return String(id)
}

async function publishGeneric(url: string, { issuer }: Stack): Promise<string> {
  const scope = 'altinn:events.publish'
  const token = await altinnToken(issuer.url, { ...callers.org('ttd'), scope })
  const headers = {
    Authorization: `Bearer ${token}`,
    'Content-Type': 'application/cloudevents+json',
  }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(genericEvent) })
  console.log(`\nPOST ${url}\n${answer.status} ${await answer.text()}`)
  if (answer.status !== 200) throw new Error('The event was not accepted.')
  return genericEvent.id
}

/** Returns the stored event once it is fanned out. Throws after 5 s. */
async function fannedOut(cosmos: string, database: string): Promise<object> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(50)) {
    const [event = {}] = await newestEvents(cosmos, database, 1)
    if ('fanOut' in event) return event
  }
  throw new Error('The event was not fanned out within 5 s.')
}
