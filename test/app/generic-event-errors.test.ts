import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { createTestStores, type TestStores } from '../support/stores.ts'
import { assertProblem, callerClaims, mintToken, type App } from '../support/subscriber.ts'

const settings = {
  ACCESS_GRANTS: '[{"resource":"urn:a:*","action":"publish","who":"*"}]',
  EVENT_MAX_BYTES: '100000',
}
let stores: TestStores
let app: App
let publish: ReturnType<typeof createGenericClient>['publish']
before(async () => {
  stores = await createTestStores()
  app = await startApp(stores, { functions: ['publish-generic-event'], settings })
  const token = await mintToken({ ...callerClaims.skd, scope: 'altinn:events.publish' })
  ;({ publish } = createGenericClient(app, token))
})
after(() => app.stop())
const good = { specversion: '1.0', id: '1', source: '/a', type: 'a', resource: 'urn:a:b' }

// altinn-contract §8.1
const refused: [body: object | string, detail: string][] = [
  ['', 'A non-empty request body is required.'],
  ['[]', "Cannot decode JSON element of kind 'Array' as CloudEvent"],
  ['"x"', "Cannot decode JSON element of kind 'String' as CloudEvent"],
  ['null', "Cannot decode JSON element of kind 'Null' as CloudEvent"],
  [{}, 'Structured mode content does not represent a CloudEvent'],
  [{ ...good, specversion: null }, 'Structured mode content does not represent a CloudEvent'],
  [{ ...good, specversion: '0.3' }, "Unsupported CloudEvents spec version '0.3'"],
  [
    { specversion: '1.0' },
    "CloudEvent is missing required attributes: id, source, type (Parameter 'data')",
  ],
  [{ ...good, id: null }, "CloudEvent is missing required attributes: id (Parameter 'data')"],
  [
    { ...good, id: 1 },
    "Invalid token type 'Number' for CloudEvent attribute 'id' with type 'String'",
  ],
  [
    { ...good, source: '' },
    "Value for attribute 'source' is invalid: URI reference must be non-empty (Parameter 'value')",
  ],
  [
    { ...good, time: 'now' },
    "Text for attribute 'time' is invalid: Invalid timestamp (Parameter 'text')",
  ],
  [
    { ...good, time: '2026-13-01T00:00:00Z' },
    "Text for attribute 'time' is invalid: Invalid timestamp (Parameter 'text')",
  ],
  [
    { ...good, time: '2026-02-30T00:00:00Z' },
    "Text for attribute 'time' is invalid: Invalid timestamp (Parameter 'text')",
  ],
  [{ ...good, '': 'x' }, "Attribute name must be non-empty (Parameter 'name')"],
  [{ ...good, Type2: 'x' }, "Invalid character 'T' in attribute name 'Type2' (Parameter 'name')"],
  [{ ...good, a_b: 'x' }, "Invalid character '_' in attribute name 'a_b' (Parameter 'name')"],
  [{ ...good, more: {} }, "Invalid token type 'Object' for CloudEvent attribute"],
  [{ ...good, more: [] }, "Invalid token type 'Array' for CloudEvent attribute"],
  [{ ...good, resource: undefined }, "A 'resource' property must be defined."],
  [{ ...good, resource: null }, "A 'resource' property must be defined."],
  [{ ...good, resource: 'urn:a' }, "'Resource' must be a valid urn."],
  [{ ...good, resource: 'urn:A:b' }, "'Resource' must be a valid urn."],
  [{ ...good, resource: 'urn:a:b c' }, "'Resource' must be a valid urn."],
  [{ ...good, data: 1, data_base64: 'AQI=' }, 'The event has both data and data_base64.'],
  [{ ...good, data_base64: 'x' }, 'data_base64 must be base64.'],
  [{ ...good, subject: 'é'.repeat(501) }, "The attribute 'subject' has more than 1000 bytes."],
  [{ ...good, more: 'x'.repeat(2049) }, "The attribute 'more' has more than 2048 bytes."],
  [{ ...good, more: '\u0000' }, "The attribute 'more' has a control character."],
]
for (const [body, detail] of refused)
  test(`${JSON.stringify(body).slice(0, 100)}: ${detail}`, async () => {
    assert.equal(await assertProblem(await publish(body), 400), detail)
  })

test('the content type is that of a structured CloudEvent', async () => {
  for (const type of ['application/json', 'application/cloudevents-batch+json', 'text/plain'])
    await assertProblem(await publish(good, { 'content-type': type }), 415)
  const unsigned = createGenericClient(app)
  await assertProblem(await unsigned.publish('x', { 'content-type': 'application/json' }), 415)
  await assertProblem(await unsigned.publish('x'), 401)
})

test('a body above EVENT_MAX_BYTES is a 413', async () => {
  await assertProblem(await publish({ ...good, data: 'x'.repeat(100_000) }), 413)
})

test('of all this nothing is stored; what is right is, as it is written', async () => {
  const taken = {
    ...good,
    source: 'relative',
    subject: '',
    n: 1.5,
    flag: false,
    data_base64: 'AQI=',
  }
  assert.equal((await publish(taken)).status, 200)
  assert.equal((await publish({ ...good, id: '2', data: null, datacontenttype: null })).status, 200)
  const documents = await stores.documents<EventDocument>('events')
  assert.deepEqual(
    documents.map(({ event }) => event).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    [
      { ...taken, n: '1.5', flag: 'false' },
      { ...good, id: '2' },
    ],
  )
})
