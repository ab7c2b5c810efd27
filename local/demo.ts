import { clientBody, clientHeaders } from './example.ts'
import { startHost } from './host/host.ts'
import { fail } from './lifetime.ts'
import { newestEvents } from './look.ts'
import { addToEnvironment, root } from './settings.ts'
import { startStack, type Stack } from './stack.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'
import { setTimeout as sleep } from 'node:timers/promises'

// `npm run demo`: one event from publishing to fan-out, on a stack of its own; exit 0 if every step did what it must.
try {
  const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
  addToEnvironment({
    ...stack.settings,
    AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100',
  })
  const host = await startHost({ folder: root, port: 0 })
  await demonstrate(`${host.url}/events/api/v1/app`, stack)
  await host.stop()
  await stack.stop()
  process.exit(0)
} catch (error) {
  fail(error)
}

async function demonstrate(url: string, { issuer, settings }: Stack): Promise<void> {
  const altinn = await altinnToken(issuer.url, callers.org('ttd'))
  const platform = await platformToken(issuer.url, 'ttd', 'apps-test')
  const answer = await fetch(url, {
    method: 'POST',
    headers: clientHeaders(altinn, platform),
    body: clientBody(),
  })
  const id = await answer.json()
  console.log(
    `\nPOST ${url}\n${answer.status} ${answer.headers.get('location')} ${JSON.stringify(id)}`,
  )
  if (answer.status !== 201) throw new Error('The event was not accepted.')
  const [document] = await fannedOut(settings.Cosmos, settings.COSMOS_DATABASE)
  console.log('\nStored and fanned out:', JSON.stringify(document, undefined, 2))
}

/** The stored event once its fan-out is noted; an error after 5 s. */
async function fannedOut(cosmos: string, database: string): Promise<object[]> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(50)) {
    const events = await newestEvents(cosmos, database, 1)
    if (events.some((event) => 'fanOut' in event)) return events
  }
  throw new Error('The event was not fanned out within 5 s.')
}
