import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import {
  bodyAttacks,
  chunked,
  example,
  LIMIT,
  nested,
  nestedObjects,
  ofLength,
  startBodyFixture,
  type,
  withData,
  type Body,
  type Headers,
} from '../attacks/bodies.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { assertRefused } from '../support/problems.ts'
import { deployedUrl } from '../support/stores.ts'

const fixture = await startBodyFixture()
after(fixture.stop)
const { stores, app, signed, post } = fixture

for (const { target, name, expected, run } of bodyAttacks(fixture))
  test(`${target}: ${name}: ${expected}`, async () => {
    assert.equal(await run(), expected)
  })

test('413 states the size of the body, the limit and the setting', async () => {
  const { detail } = await assertRefused(await post(ofLength(LIMIT + 1)), 413)
  assert.equal(detail, 'The body has 1000001 bytes; the limit is 1000000 (EVENT_MAX_BYTES).')
})

test('413 of a chunked body says what the limit is', async () => {
  const { detail } = await assertRefused(await post(ofLength(LIMIT + 1), chunked), 413)
  assert.equal(detail, 'The body is longer than it may be; the limit is 1000000 (EVENT_MAX_BYTES).')
})

test('a fault deep in a body is named by its JSON pointer', async () => {
  const { detail } = await assertRefused(await post(withData('{"a/b":{"~":[0,"\\ud83d"]}}')), 400)
  assert.match(detail, /^\/data\/a~1b\/~0\/1 /)
})

test('responds 404 to another method', async () => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const answer = await fetch(`${app.api}/app`, { method, headers: signed })
    assert.equal(answer.status, 404, method)
  }
})

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const traces: [traceparent: string, traceId: RegExp][] = [
  [`00-${trace}-00f067aa0ba902b7-01`, new RegExp(`^00-${trace}-(?!00f067aa0ba902b7).{16}-01$`)],
  [`00-${trace}-00f067aa0ba902b7-00`, new RegExp(`^00-${trace}-(?!00f067aa0ba902b7).{16}-00$`)],
  ...[
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${trace.slice(1)}-00f067aa0ba902b7-01`,
    `${trace}-00f067aa0ba902b7`,
    `x${trace}`,
    '',
  ].map((traceparent): [string, RegExp] => [
    traceparent,
    new RegExp(`^00-(?!${trace}).{32}-`, 'i'),
  ]),
]
for (const [traceparent, expected] of traces)
  test(`a problem’s traceId continues the traceparent "${traceparent}"`, async () => {
    const { traceId } = await assertRefused(await post('{', { traceparent }), 400)
    assert.match(traceId, expected)
  })

test('gives every problem its own traceId without a traceparent', async () => {
  const first = await assertRefused(await post('{'), 400)
  const second = await assertRefused(await post('{'), 400)
  assert.notEqual(first.traceId.slice(3, 35), second.traceId.slice(3, 35))
})

const littleEndian = Buffer.from(withData('"blå 🦉"'), 'utf16le')
const accepted: [what: string, body: Body, headers: Headers, data?: unknown][] = [
  ['plain JSON', example, type('application/json')],
  ['utf-8', withData('"blå 🦉"'), type('application/json; charset=utf-8'), 'blå 🦉'],
  ['utf-8, quoted, without a blank', example, type('application/json;charset="UTF-8"')],
  ['upper case', example, type('APPLICATION/JSON; CHARSET=UTF-8')],
  ['another parameter', example, type('application/json; version=1; charset=utf-8')],
  ['utf-16', littleEndian, type('application/json; charset=utf-16'), 'blå 🦉'],
  ['a cloud event', example, type('application/cloudevents+json; charset=utf-8')],
  ['a batch by name', example, type('application/cloudevents-batch+json')],
  ['problem details by name', example, type('application/problem+json')],
  ['identity as its coding', example, { 'Content-Encoding': 'identity' }],
  ['a chunked body', example, chunked],
  [
    'as many bytes as are allowed, in chunks',
    ofLength(LIMIT),
    chunked,
    'x'.repeat(LIMIT - withData('""').length),
  ],
  ['blanks around it', `\r\n\t ${example} \n`, {}],
  ['as many bytes as are allowed', ofLength(LIMIT), {}, 'x'.repeat(LIMIT - withData('""').length)],
  ['32 levels', withData(nested(31)), {}, JSON.parse(nested(31))],
  ['32 levels of objects', withData(nestedObjects(31)), {}, JSON.parse(nestedObjects(31))],
  ['a text that looks nested', withData(`"${nested(99)}"`), {}, nested(99)],
]
test('accepts all valid JSON in utf-8 and utf-16, and stores it unchanged in meaning', async () => {
  const wanted = new Map<unknown, unknown>()
  for (const [what, body, headers, data] of accepted) {
    const answer = await post(body, headers)
    assert.equal(answer.status, 201, `${what}: ${answer.status}`)
    wanted.set(await answer.json(), data)
  }
  const documents = await stores.documents<EventDocument>('events')
  const stored = documents.filter(({ id }) => wanted.has(id))
  assert.deepEqual(new Map(stored.map(({ id, event }) => [id, event.data])), wanted)
})

const skip = deployedUrl !== undefined && 'its own limit may be another'

test('responds 413 to data whose stored form is too long', { skip }, async () => {
  const data = `[1.10,"${String.raw`\"`.repeat(495_000)}"]` // kept as text, for its number
  const answer = await post(withData(data))
  assert.equal(answer.status, 413)
  assert.match(
    Object(await answer.json()).detail,
    /^The event has 19\d{5} bytes as it is stored; the limit is 1900000\.$/,
  )
})
