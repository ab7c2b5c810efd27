import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp, tokensOf } from '../../test/app.ts'
import { checked } from '../../test/checked-fetch.ts'
import { sendRaw } from '../../test/raw-request.ts'
import { clientOf, people, tokenOf } from '../../test/subscriber.ts'
import { createWorld, eventually } from '../../test/world.ts'
import { deliveredMembers, goodEventText } from './events.ts'
import { property, type Generated, type Property } from './property.ts'
import { queueMessage, readQuery, replayText, subscriptionText } from './requests.ts'
import { isHeaderValue } from './tokens.ts'
import { damaged, jsonText, oddText } from './values.ts'

const AT_ONCE = 10
const QUEUES = [
  'events-inbound',
  'events-outbound',
  'events-retry',
  'subscription-validation',
  'replays',
]

/** One look at a message is enough to give it up, and the next comes at once. */
const hasty = {
  AzureFunctionsJobHost__extensions__queues__maxDequeueCount: '1',
  AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:00',
}

/**
 * Starts the app with stores of its own, and gives what must hold of it over HTTP and its queues. Every answer is also
 * held against docs/openapi.yaml. `stop` says how the app fared: it must still be there.
 */
export async function startHttpProperties() {
  const [world, receiver] = await Promise.all([createWorld(), startReceiver()])
  const app = await startApp(world, { settings: hasty })
  const [altinn, platform] = await tokensOf('ttd', 'apps-test')
  const [owner, user] = await Promise.all([tokenOf(people.ttd), tokenOf(people.user)])
  const client = clientOf(app, owner)
  const { id } = await client.subscribed({
    endPoint: `${receiver.url}/hook`,
    resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
  })

  async function publishesOrRefuses(body: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const answer = await fetch(`${app.api}/app`, {
      method: 'POST',
      headers: clientHeaders(altinn, platform),
      body,
    })
    requireOneOf([201, 400, 401, 413], answer)
  }
  async function answersHeaders(changes: [string, string][]): Promise<void> {
    const body = JSON.stringify(exampleEvent)
    const usual = {
      ...clientHeaders(altinn, platform),
      'Content-Length': String(Buffer.byteLength(body)),
    }
    const names = new Set(changes.map(([name]) => name.toLowerCase()))
    const rest = Object.entries(usual).filter(([name]) => !names.has(name.toLowerCase()))
    const answer = await sendRaw(`${app.api}/app`, [...rest, ...changes], body)
    await checked('POST', `${app.api}/app`, answer.clone())
    requireOneOf([201, 400, 401, 403, 411, 413, 415, 431], answer)
  }
  async function answersPath({ method, parts, query, as }: Asked): Promise<void> {
    const token = { owner, user, nobody: 'abc' }[as]
    const path = parts.map((part) => (part === '{id}' ? String(id) : part)).join('/')
    const answer = await fetch(`${app.api}/${path}?${query}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    })
    requireOneOf([200, 400, 401, 403, 404], answer)
  }
  async function answersBody([path, body]: [string, string]): Promise<void> {
    const answer = await client.call('POST', path.replace('{id}', String(id)), body)
    requireOneOf([201, 202, 400, 403, 409, 413], answer)
  }
  async function delivers(list: Generated<typeof goodEventText>[]): Promise<void> {
    const ids = await Promise.all(
      list.map(async ({ text }) => {
        const answer = await app.publish(text)
        assert.equal(answer.status, 201, text)
        return String(await answer.json())
      }),
    )
    for (const [index, { event }] of list.entries()) {
      const { body } = await receiver.waitFor((delivery) => delivery.event?.id === ids[index], 30)
      const { id: _id, time: _time, ...members } = JSON.parse(body)
      assert.deepEqual(members, deliveredMembers(event))
    }
  }
  async function survives(messages: string[]): Promise<void> {
    for (const queue of QUEUES)
      await Promise.all(messages.map((message) => world.send(queue, message)))
    await eventually(
      'every message is done',
      async () => {
        const left = await Promise.all(
          QUEUES.flatMap((queue) => [world.waiting(queue), world.waiting(`${queue}-poison`)]),
        )
        return left.every((count) => count === 0)
      },
      60,
    )
    assert.equal((await app.publish()).status, 201)
  }

  const properties: Property[] = [
    property('POST /app takes or refuses any body', 400, publishBody, publishesOrRefuses),
    property('POST /app takes or refuses any headers', 200, headerChanges, answersHeaders),
    property('every path answers, whatever stands in it and after it', 200, asked, answersPath),
    property('subscriptions and replays take or refuse any body', 180, managementBody, answersBody),
    property(
      'what is published arrives with all its members, over HTTP, store and queues',
      10,
      fc.array(goodEventText, { minLength: AT_ONCE, maxLength: AT_ONCE }),
      delivers,
    ),
    property(
      'no message of any queue stops the app',
      10,
      fc.array(messageText, { minLength: AT_ONCE, maxLength: AT_ONCE }),
      survives,
    ),
  ]
  return {
    properties,
    /** Ends it all; what the app said of errors that nobody handled, which must be nothing. */
    async stop(): Promise<string[]> {
      await Promise.all([app.stop(), receiver.stop()])
      return app.lines.filter((line) => /nobody handles|\[critical\]/.test(line))
    },
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
const asked = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'QUERY'),
  parts: fc.array(part, { minLength: 1, maxLength: 5 }),
  query: readQuery,
  as: fc.constantFrom('owner', 'user', 'nobody'),
})
type Asked = Generated<typeof asked>
const managementBody = fc.oneof(
  fc.tuple(fc.constant(''), subscriptionText),
  fc.tuple(fc.constant('/{id}/replay'), replayText),
)
export const messageText = fc.oneof(
  queueMessage.map((message) => JSON.stringify(message)),
  jsonText,
  oddText.map((text) => text.toWellFormed()),
)
