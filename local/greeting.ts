import { curlCommand } from './example.ts'
import { portVariables } from './ports.ts'
import type { Stack } from './stack.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'

const HOUR = 3600

interface Started {
  app: string
  docs: string
  stack: Stack
  seconds: number
  /** The settings that name another token issuer than the stack's. */
  foreign: string[]
}

/** Returns what `npm start` prints when all is ready: where everything is, and what to try. `app` and `docs` are addresses. */
export async function greeting({ app, docs, stack, seconds, foreign }: Started): Promise<string> {
  const { ports } = stack.emulators
  const api = `${app}/events/api/v1`
  const show = `${portVariables({ COSMOS_PORT: ports.cosmos, QUEUE_PORT: ports.queue })}npm run show`
  return `
App Events is ready, in ${seconds.toFixed(1)} s.

  Console    ${api}/console   (subscriptions, deliveries, replay)
  Publish    POST ${api}/app
  Subscribe  POST ${api}/subscriptions
  Health     GET  ${api}/health   (200 after the first sweep, within 30 s)
  Try it     ${docs}   (every endpoint${foreign.length === 0 ? ', with tokens' : ''})
  Cosmos DB  http://127.0.0.1:${ports.cosmos}
  Queues     http://127.0.0.1:${ports.queue}
  Tokens     ${stack.issuer.url}
  Register   ${stack.register.url}

${foreign.length === 0 ? await example(api, stack.issuer.url) : isMissing(foreign)}

See what became of an event, the stored document and the queues:

${show}

Ctrl-C stops everything.
`
}

async function example(api: string, issuer: string): Promise<string> {
  const [altinn, platform] = await Promise.all([
    altinnToken(issuer, callers.org('ttd'), HOUR),
    platformToken(issuer, 'ttd', 'apps-test', HOUR),
  ])
  const variables = portVariables({ ISSUER_PORT: Number(new URL(issuer).port) })
  return `Publish the documentation's example; a subscriber gets it a moment later. These tokens are valid for an hour,
${variables}npm run token -- --org ttd --app apps-test prints new ones:

${curlCommand(`${api}/app`, altinn, platform)}`
}

const isMissing = (foreign: string[]) =>
  `${foreign.join(' and ')}: the app trusts another token issuer, and refuses the tokens of the one above.
Left out: the subscriber, the curl command, and the tokens on the page. Use tokens of that issuer.`
