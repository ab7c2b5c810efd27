import { curlCommand } from './example.ts'
import { startHost } from './host/host.ts'
import { runUntilStopped } from './lifetime.ts'
import { portFor } from './ports.ts'
import { addToEnvironment, root } from './settings.ts'
import { startStack, type Stack } from './stack.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

// `npm start`: the whole app on this machine, in memory.
await runUntilStopped(async () => {
  const began = performance.now()
  const stack = await startStack({
    queue: portFor('QUEUE_PORT'),
    blob: portFor('BLOB_PORT'),
    cosmos: portFor('COSMOS_PORT'),
    issuer: portFor('ISSUER_PORT'),
  })
  try {
    addToEnvironment({
      ...stack.settings,
      AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100',
    })
    const host = await startHost({ folder: root, port: portFor('PORT'), exitOnUnhandled: true })
    await greet(host.url, stack, performance.now() - began)
    return async () => {
      await host.stop()
      await stack.stop()
    }
  } catch (error) {
    await stack.stop()
    throw error
  }
})

async function greet(url: string, { emulators, issuer }: Stack, ms: number): Promise<void> {
  const api = `${url}/events/api/v1`
  const [altinn, platform] = await Promise.all([
    altinnToken(issuer.url, callers.org('ttd')),
    platformToken(issuer.url, 'ttd', 'apps-test'),
  ])
  console.log(`
App Events is ready, in ${(ms / 1000).toFixed(1)} s.

  Publish   POST ${api}/app
  Health    GET  ${api}/health   (well after the first sweep, within 30 s)
  Cosmos DB http://127.0.0.1:${emulators.ports.cosmos}
  Queues    http://127.0.0.1:${emulators.ports.queue}
  Tokens    ${issuer.url}

Publish the documentation's example. The platform access token is good for 5 minutes;
npm run token -- --org ttd --app apps-test prints new ones:

${curlCommand(`${api}/app`, altinn, platform)}

See what became of it, the stored document and the queues:

npm run show

Ctrl-C stops everything.
`)
}
