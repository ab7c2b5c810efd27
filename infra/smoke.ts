// `npm run smoke -- --url BASE [--seconds 300]`: whether a running app is well and refuses strangers. BASE is the output
// EVENTS_BASE_URL of a deployment. A new app is well when each of its timers has run, within a minute.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const EVERY_MS = 2000
const LIMIT_MS = 30_000 // a cold start

const { values } = parseArgs({
  options: { url: { type: 'string' }, seconds: { type: 'string', default: '300' } },
})
if (!values.url || !URL.canParse(values.url))
  fail('Say which app: npm run smoke -- --url https://…/events/api/v1/')
const base = values.url.replace(/\/*$/, '')

const end = Date.now() + Number(values.seconds) * 1000
for (let fault = await illness(); fault !== undefined; fault = await illness()) {
  if (Date.now() > end) fail(`${base}/health is not well after ${values.seconds} s: ${fault}`)
  console.log(`Not yet: ${fault}`)
  await sleep(EVERY_MS)
}
console.log(`${base}/health is well`)

const refused = await call('/app', { method: 'POST', body: '{}' })
if (refused.status !== 401)
  fail(`POST ${base}/app without a token answers ${refused.status}, not 401`)
console.log(`POST ${base}/app refuses who has no token`)

/** What health says, or why it says nothing; undefined where all is well. */
async function illness(): Promise<string | undefined> {
  try {
    const answer = await call('/health')
    return answer.ok ? undefined : `${answer.status} ${(await answer.text()).slice(0, 300)}`
  } catch (error) {
    return error instanceof Error ? `${error.message}: ${String(error.cause)}` : String(error)
  }
}

function call(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return fetch(`${base}${path}`, { headers, ...init, signal: AbortSignal.timeout(LIMIT_MS) })
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
