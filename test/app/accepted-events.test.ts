import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'

const startShared = useApp({ functions: ['publish-event'] })
let stores: TestStores
let app: App
before(async () => {
  ;({ stores, app } = await startShared())
})

/** Publishes events, or texts of events, and returns what is stored of each, in order. */
async function stored(...events: (object | string)[]) {
  const ids: unknown[] = []
  for (const event of events) {
    const answer = await app.publish(event)
    assert.equal(answer.status, 201, `${JSON.stringify(event).slice(0, 200)}: ${answer.status}`)
    ids.push(await answer.json())
  }
  const documents = await stores.documents<EventDocument>('events')
  return ids.map((id) => documents.find((document) => document.id === id)?.event)
}

/** Asserts that a member of the example, given these values, is stored as the second of each pair. */
async function assertStored(given: string, kept: string, pairs: [unknown, unknown][]) {
  const events = await stored(...pairs.map(([value]) => ({ ...exampleEvent, [given]: value })))
  for (const [index, [value, expected]] of pairs.entries()) {
    const event: object = events[index] ?? {}
    assert.deepEqual(Reflect.get(event, kept), expected, JSON.stringify(value))
    assert.equal(kept in event, expected !== undefined)
  }
}
const kept = (...values: unknown[]) => values.map((value): [unknown, unknown] => [value, value])
const long = (prefix: string, length: number) => prefix.padEnd(length, 'x')

test('stores every type of text of up to 255 characters', () =>
  assertStored(
    'type',
    'type',
    kept('app.instance.process.movedTo.Task_1', 'x', ' ', 'blå 🦉', long('', 255), '5', 'null'),
  ))

test('stores a source of up to 2,048 characters', () =>
  assertStored('source', 'source', kept(long(`${exampleEvent.source}/`, 2048))))

test('stores any number of a party as the subject', () =>
  assertStored('subject', 'subject', kept('/party/1', '/party/007', `/party/${'9'.repeat(20)}`)))

test('stores specversion 1.0 whatever the request says', () =>
  assertStored(
    'specversion',
    'specversion',
    ['1.0', '0.3', '2', 'x', ' ', long('', 255)].map((version) => [version, '1.0']),
  ))

test('stores an alternative subject of any form; treats null and empty as absent', () =>
  assertStored('alternativesubject', 'alternativesubject', [
    ...kept('/person/01017512345', '/org/987564321', '/organisation/987564321', 'x', ' '),
    ...kept('urn:altinn:person:idporten-email:åse@example.no'),
    ...kept('urn:altinn:person:legacy-selfidentified:åse', undefined),
    [null, undefined],
    ['', undefined],
  ]))

test('stores any URI as dataschema; treats null and empty as absent', () =>
  assertStored('dataschema', 'dataschema', [
    ...kept('https://schemas.example.no/a.json#/x', 'urn:example:schema:1', 'tag:a,2026:b'),
    ...kept(long('https://schemas.example.no/', 2048), undefined),
    [null, undefined],
    ['', undefined],
  ]))

test('stores contenttype as datacontenttype, including the form that .NET sends', () =>
  assertStored('contenttype', 'datacontenttype', [
    ...kept('application/json', 'text/plain; charset=utf-8', 'a/b;c="d e"', 'image/svg+xml'),
    [null, undefined],
    ['', undefined],
    [{ MediaType: 'application/xml', CharSet: null, Parameters: [] }, 'application/xml'],
    [{ mediatype: 'application/xml' }, 'application/xml'],
    [{ MediaType: null }, undefined],
    [{ MediaType: '' }, undefined],
    [{}, undefined],
  ]))

test('reads contenttype only: the event’s own datacontenttype is ignored', () =>
  assertStored('datacontenttype', 'datacontenttype', [['application/xml', undefined]]))

test('stores data of every kind as sent; treats null as absent', () =>
  assertStored('data', 'data', [
    ...kept(true, false, 0, 1, -1.5, 1e308, -1e308, 5e-324, 9_007_199_254_740_991, '', ' ', '\0'),
    ...kept('null', 'blå 🦉 \u2028 \uFFFE \u007F "quoted" \\ /', [], {}, [[]], [null, [{}]], {
      a: null,
    }),
    ...kept({
      '': 1,
      ' ': 2,
      'a.b': 3,
      'a/b': 4,
      '~': 5,
      $ref: 6,
      'æ🦉': 7,
      'a"b': 8,
      1: 9,
      '\0': 10,
    }),
    ...kept({
      constructor: { prototype: { x: 1 } },
      prototype: 1,
      toString: 'x',
      hasOwnProperty: 0,
    }),
    ...kept({
      id: 'x',
      ttl: 1,
      type: 5,
      Type: 6,
      TYPE: '',
      _ts: 1,
      _etag: 'x',
      _rid: 'x',
      _self: 'y',
    }),
    ...kept({
      when: '2026-08-20T10:57:56.1234567Z',
      list: Array.from({ length: 500 }, (_, i) => i),
    }),
    [null, undefined],
    [undefined, undefined],
  ]))

test('takes the last of duplicate names within data, as JavaScript does', async () => {
  const body = `${JSON.stringify(exampleEvent).slice(0, -1)},"data":{"a":1,"A":2,"a":3}}`
  const [event] = await stored(body)
  assert.deepEqual(event?.data, { a: 3, A: 2 })
})

const rest = JSON.stringify({ ...exampleEvent, type: undefined }).slice(1)
const spellings: [start: string, type: string][] = [
  ['{"TYPE":"a",', 'a'],
  ['{"tYpE":"a",', 'a'],
  ['{"ty\\u0070e":"a",', 'a'],
  ['{"type":"a","TYPE":"b","type":"c",', 'c'],
  ['{"type":"a","TYPE":"b",', 'b'],
  ['{"TYPE":"b","type":"a",', 'a'],
  ['{"TYPE":"a","type":"b","Type":"c","TYPE":"d",', 'd'],
  ['{"type":"a","ty\\u0070e":"b",', 'b'],
  ['{"type":"a","TYP\\u0045":"b",', 'b'],
  ['{"type":"a","TYP\\u0045":"b","type":"c",', 'c'],
  ['{"type":5,"type":"a",', 'a'],
  ['{"Type":null,"type":"a",', 'a'],
  ['{"type":1e400,"type":"a",', 'a'],
  ['{"type":"","TYPE":"a",', 'a'],
  ['{"TYPE":"a","x":{"type":"b"},"type":"c","y":[{"TYPE":"d"}],', 'c'],
  ['{"TYPE":"\\"type\\":","type":"{\\"type\\":","Type":"}",', '}'],
  ['{ "TYPE" : "a" , "type" : "b" ,', 'b'],
]
test('matches names in any case, and takes the last of equal names in the text', async () => {
  const events = await stored(...spellings.map(([start]) => start + rest))
  for (const [index, [start, type]] of spellings.entries())
    assert.equal(events[index]?.type, type, start)
})

test("the client's id and time, unknown members and nulls leave no trace", async () => {
  const earlier = Date.now()
  const ours = { id: 5, time: { bad: true }, resource: 'urn:x:y', resourceinstance: 'x/y', v: 9 }
  const storeMembers = { ttl: 1, pending: null, fanOut: 'x', traceparent: 'x', event: {}, _ts: 1 }
  const names = { constructor: { x: 1 }, prototype: 'x', toString: 1, hasOwnProperty: null, '': 0 }
  const nulls = { data: null, dataschema: null, contenttype: null }
  const [plain, event] = await stored(exampleEvent, {
    ...ours,
    ...storeMembers,
    ...names,
    ...nulls,
    ...exampleEvent,
  })
  assert.ok(plain !== undefined && event !== undefined)
  assert.notEqual(event.id, plain.id)
  const time = Date.parse(event.time ?? '')
  assert.ok(time >= earlier && time <= Date.now())
  assert.deepEqual({ ...event, id: '', time: '' }, { ...plain, id: '', time: '' })
})
