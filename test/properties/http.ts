import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { sendRaw } from '../support/raw-request.ts'
import { createSubscriptionsClient, callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'
import { goodEventText } from './events.ts'
import { property, type Generated } from './property.ts'
import { readQuery, replayText, subscriptionText } from './requests.ts'
import { storedProperties } from './stored-documents.ts'
import { isHeaderValue } from './tokens.ts'
import { damaged, jsonText, oddText } from './values.ts'

const api = ['publish-event', 'read-app-events', 'read-party-events', 'health', 'openapi']
const management = [
  'create-subscription',
  'preview-subscription',
  'list-subscriptions',
  'read-subscription',
]
const deliveries = [
  'list-deliveries',
  'read-delivery',
  'read-statistics',
  'start-replay',
  'preview-replay',
  'read-replay',
]

/**
 * Starts the app's HTTP functions with stores of their own, and returns their properties. Every answer is also held
 * against docs/openapi.yaml.
 */
export async function startHttpProperties() {
  const stores = await createTestStores()
  const app = await startApp(stores, {
    functions: [...api, ...management, ...deliveries],
  })
  const [altinn, platform] = await tokensOf('ttd', 'apps-test')
  const [owner, user] = await Promise.all([
    mintToken(callerClaims.ttd),
    mintToken(callerClaims.user),
  ])
  const client = createSubscriptionsClient(app, owner)
  const { id } = await client.subscribe({
    endPoint: 'http://127.0.0.1/hook',
    resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
  })

  async function checkBody(body: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const headers = clientHeaders(altinn, platform)
    requireOneOf(
      [201, 400, 401, 413],
      await fetch(`${app.api}/app`, { method: 'POST', headers, body }),
    )
  }
  async function checkHeaders(changes: [string, string][]): Promise<void> {
    const body = JSON.stringify(exampleEvent)
    const usual = {
      ...clientHeaders(altinn, platform),
      'Content-Length': String(Buffer.byteLength(body)),
    }
    const names = new Set(changes.map(([name]) => name.toLowerCase()))
    const rest = Object.entries(usual).filter(([name]) => !names.has(name.toLowerCase()))
    const answer = await sendRaw(`${app.api}/app`, [...rest, ...changes], body)
    requireOneOf([201, 400, 401, 403, 413, 415, 431], answer)
  }
  async function checkPath({
    method,
    parts,
    query,
    as,
  }: Generated<typeof pathRequest>): Promise<void> {
    const authorization = `Bearer ${{ owner, user, nobody: 'abc' }[as]}`
    const path = parts.join('/').replaceAll('{id}', String(id))
    const answer = await fetch(`${app.api}/${path}?${query}`, {
      method,
      headers: { authorization },
    })
    requireOneOf([200, 400, 401, 403, 404, 503], answer)
    assert.ok(answer.status !== 503 || parts.includes('health'))
  }
  async function checkManagementBody([path, body]: [string, string]): Promise<void> {
    const answer = await client.call('POST', path.replace('{id}', String(id)), body)
    const done = path.endsWith('/preview') ? [200] : [201, 202]
    requireOneOf([...done, 400, 403, 409, 413], answer)
  }
  return {
    app,
    properties: [
      property('POST /app accepts or rejects any body', 500, publishBody, checkBody),
      property('POST /app accepts or rejects any headers', 100, headerChanges, checkHeaders),
      property('every path responds, whatever its parameters', 250, pathRequest, checkPath),
      property(
        'subscriptions and replays accept or reject any body',
        100,
        managementBody,
        checkManagementBody,
      ),
      ...storedProperties(stores, app, owner, id),
    ],
  }
}

/** Fails for 5xx and for what has no business here. */
function requireOneOf(statuses: number[], { status }: Response): void {
  assert.ok(statuses.includes(status), `answered ${status}`)
}

const eventBody = goodEventText.map(({ text }) => text)
const publishBody = fc.oneof(
  eventBody,
  damaged(eventBody),
  jsonText,
  oddText,
  fc.uint8Array({ maxLength: 50 }).map((bytes) => new Uint8Array(bytes)),
)
const headerValue = fc.oneof(
  oddText.filter(isHeaderValue),
  fc.constantFrom(
    'Bearer ',
    'bearer a.b.c',
    'application/json; charset=utf-16',
    'text/plain',
    'gzip',
    '00-0-0-0',
    '.ALTINNTOKEN=a.b.c; ;=;',
  ),
)
const headerName = fc.oneof(
  fc.constantFrom(
    'Authorization',
    'PlatformAccessToken',
    'Cookie',
    'Content-Type',
    'Content-Encoding',
    'traceparent',
    'tracestate',
    'Idempotency-Key',
    'Accept',
    'X-Forwarded-For',
    'X-Original-URL',
    'X-HTTP-Method-Override',
    'person',
  ),
  fc
    .stringMatching(/^[a-zA-Z][\w.~!-]{0,20}$/)
    .filter(
      (name) =>
        !/^(host|connection|expect|upgrade|te|trailer|transfer-encoding|content-length|keep-alive)$/i.test(
          name,
        ),
    ),
)
const headerChanges = fc.array(fc.tuple(headerName, headerValue), { maxLength: 4 })
const part = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'app',
      'party',
      'ttd',
      'apps-test',
      'subscriptions',
      '{id}',
      'deliveries',
      'replay',
      'statistics',
      'secret',
      'retry',
      'health',
      'openapi.json',
    ),
  },
  { weight: 1, arbitrary: oddText.map((text) => encodeURIComponent(text.toWellFormed())) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '%2f',
      '%00',
      '%zz',
      '%',
      '%ff',
      '%C0%AF',
      '0',
      '-1',
      '99999999999',
      '1;a=b',
    ),
  },
)
const pathRequest = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'QUERY'),
  parts: fc.array(part, { minLength: 1, maxLength: 5 }),
  query: readQuery,
  as: fc.constantFrom('owner', 'user', 'nobody'),
})
const managementBody = fc.oneof(
  fc.tuple(fc.constantFrom('', '/preview'), subscriptionText),
  fc.tuple(fc.constantFrom('/{id}/replay', '/{id}/replay/preview'), replayText),
)
