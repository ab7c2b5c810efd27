import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { clientHeaders, exampleEvent } from '../local/example.ts'
import type { EventDocument } from '../shared/event-document.ts'
import { startApp, tokensOf } from './app.ts'
import { sendRaw } from './raw-request.ts'
import { assertRefused, contentsOf, type Status } from './refusals.ts'
import { createWorld } from './world.ts'

const LIMIT = 262_144
const world = await createWorld()
const app = await startApp(world, {
  functions: ['publish-event'],
  settings: { EVENT_MAX_BYTES: String(LIMIT) },
})
after(app.stop)
const signed = clientHeaders(...(await tokensOf('ttd', 'apps-test')))

type Body = string | Uint8Array
type Headers = Record<string, string | undefined>

/** POSTs these very bytes with good tokens; a header given as undefined is left out. */
function post(body: Body, headers: Headers = {}): Promise<Response> {
  const all = { ...signed, 'Content-Length': String(Buffer.byteLength(body)), ...headers }
  const given = Object.entries(all).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  )
  return sendRaw(`${app.api}/app`, given, body)
}

const example = JSON.stringify(exampleEvent)
const utf16 = Buffer.from(example, 'utf16le')
const type = (value: string | undefined) => ({ 'Content-Type': value })
/** The example with one more member: `json` as it stands. */
const withData = (json: string) => `${example.slice(0, -1)},"data":${json}}`
/** Lists in lists; the outermost is at level 2, within the event. */
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
const nestedObjects = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
const ofLength = (length: number) => withData(`"${'x'.repeat(length - withData('""').length)}"`)

const refused: [Status, what: string, body: Body, Headers?][] = [
  // Media types, altinn-contract §4.1
  [415, 'text/json', example, type('text/json')],
  [415, 'text/plain', example, type('text/plain')],
  [415, 'a form', 'type=a', type('application/x-www-form-urlencoded')],
  [415, 'a multipart form', example, type('multipart/form-data; boundary=json')],
  [415, 'application/jsonp', example, type('application/jsonp')],
  [415, 'application/json-seq', example, type('application/json-seq')],
  [415, 'a suffix that is not json', example, type('application/json+xml')],
  [415, 'a suffix of nothing', example, type('application/+json')],
  [415, 'a type with json as its parameter', example, type('text/plain; x=application/json')],
  [415, 'two types in one header', example, type('application/json, text/plain')],
  [415, 'json of another tree', example, type('image/svg+json')],
  [415, 'any type', example, type('*/*')],
  [415, 'an empty Content-Type', example, type('')],
  [415, 'no Content-Type', example, type(undefined)],
  [415, 'an unknown charset', example, type('application/json; charset=klingon')],
  [415, 'latin1', example, type('application/json; charset=iso-8859-1')],
  [
    415,
    'big-endian utf-16',
    Buffer.from(utf16).swap16(),
    type('application/json; charset=utf-16be'),
  ],
  [415, 'a gzipped body', gzipSync(example), { 'Content-Encoding': 'gzip' }],
  [415, 'a body said to be brotli', example, { 'Content-Encoding': 'br' }],
  // Length
  [411, 'a chunked body', example, { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }],
  [
    411,
    'an empty chunked body',
    '',
    { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
  ],
  [413, 'a byte too many', ofLength(LIMIT + 1)],
  [413, 'a byte too many by a letter of two bytes', ofLength(LIMIT).replace('x', 'å')],
  [413, 'a megabyte', ofLength(1_048_576)],
  // No JSON, or not for us, altinn-contract §4.4
  [400, 'nothing', ''],
  [400, 'blanks', ' \r\n\t'],
  [400, 'null', 'null'],
  [400, 'true', 'true'],
  [400, 'a number', '1'],
  [400, 'a text', '"event"'],
  [400, 'an empty list', '[]'],
  [400, 'a list with an event in it', `[${example}]`],
  [400, 'a comma after the last member', `${example.slice(0, -1)},}`],
  [400, 'a comma after the last item', withData('[1,]')],
  [400, 'a comment', `/* event */${example}`],
  [400, 'a comment at the end of a line', `${example}// event`],
  [400, 'single quotes', example.replaceAll('"', "'")],
  [400, 'names without quotes', example.replace('"type"', 'type')],
  [400, 'half an event', example.slice(0, -10)],
  [400, 'two events', example + example],
  [400, 'NaN', withData('NaN')],
  [400, 'Infinity', withData('-Infinity')],
  [400, 'a number with a leading zero', withData('01')],
  [400, 'a raw line break in a text', withData('"a\nb"')],
  [400, '33 levels', withData(nested(32))],
  [400, '33 levels of objects', withData(nestedObjects(32))],
  [400, '100,000 levels', withData(nested(100_000))],
  [400, '100,000 levels and nothing else', nested(100_000)],
  [400, '100,000 levels that never end', '['.repeat(100_000)],
  [400, '__proto__', `{"__proto__":{"type":"x"},${example.slice(1)}`],
  [400, '__proto__, written with an escape', `{"__pr\\u006fto__":1,${example.slice(1)}`],
  [400, '__proto__ in data', withData('{"a":[{"__proto__":{"admin":true}}]}')],
  [400, 'half a surrogate pair', withData('"\\ud83d"')],
  [400, 'a surrogate pair the wrong way round', withData('"\\ude00\\ud83d"')],
  [400, 'half a surrogate pair in a name', withData('{"\\udc00":1}')],
  [400, '1e400', withData('1e400')],
  [400, '-1e400 in a list', withData('[[-1e400]]')],
  [400, 'a number of 400 digits', withData('9'.repeat(400))],
  [400, 'a byte order mark', `\uFEFF${example}`],
  [400, 'a byte order mark alone', '\uFEFF'],
  [400, 'bytes that are no utf-8', Buffer.from(withData('"\xe5"'), 'latin1')],
  [400, 'an overlong utf-8 form', Buffer.from(withData('"\xc0\xaf"'), 'latin1')],
  [400, 'a surrogate in utf-8', Buffer.from(withData('"\xed\xa0\xbd"'), 'latin1')],
  [400, 'utf-16 that says it is utf-8', utf16],
  [400, 'utf-8 that says it is utf-16', example, type('application/json; charset=utf-16')],
  [
    400,
    'half a utf-16 unit',
    Buffer.concat([utf16, Buffer.of(32)]),
    type('application/json; charset=utf-16'),
  ],
]
for (const [status, what, body, headers] of refused)
  test(`${status} for ${what}`, async () => {
    await assertRefused(await post(body, headers), status)
  })

test('413 says how large the body is, what the limit is and which setting it is', async () => {
  const { detail } = await assertRefused(await post(ofLength(LIMIT + 1)), 413)
  assert.equal(detail, 'The body has 262145 bytes; the limit is 262144 (EVENT_MAX_BYTES).')
})

test('a fault deep in a body is named by its JSON pointer', async () => {
  const { detail } = await assertRefused(await post(withData('{"a/b":{"~":[0,1e400]}}')), 400)
  assert.match(detail, /^\/data\/a~1b\/~0\/1 /)
})

test('another method finds nothing', async () => {
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
  test(`the traceId of a problem suits the traceparent "${traceparent}"`, async () => {
    const { traceId } = await assertRefused(await post('{', { traceparent }), 400)
    assert.match(traceId, expected)
  })

test('without a traceparent every problem has a traceId of its own', async () => {
  const first = await assertRefused(await post('{'), 400)
  const second = await assertRefused(await post('{'), 400)
  assert.notEqual(first.traceId.slice(3, 35), second.traceId.slice(3, 35))
})

for (const key of ['', 'a b', 'x'.repeat(256), 'blå', 'a\tb'])
  test(`400 for the idempotency key "${key.slice(0, 10)}"`, async () => {
    const { detail } = await assertRefused(await post(example, { 'Idempotency-Key': key }), 400)
    assert.match(detail, /Idempotency-Key/)
  })

test('of all that was refused nothing is stored and nothing queued', async () => {
  assert.deepEqual(await contentsOf(world), { stored: 0, queued: 0 })
  assert.deepEqual(await world.documents('requests'), [])
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
  ['blanks around it', `\r\n\t ${example} \n`, {}],
  ['as many bytes as are allowed', ofLength(LIMIT), {}, 'x'.repeat(LIMIT - withData('""').length)],
  ['32 levels', withData(nested(31)), {}, JSON.parse(nested(31))],
  ['32 levels of objects', withData(nestedObjects(31)), {}, JSON.parse(nestedObjects(31))],
  ['a text that looks nested', withData(`"${nested(99)}"`), {}, nested(99)],
]
test('what JSON allows is accepted, in utf-8 and utf-16, and stored as it was meant', async () => {
  const wanted = new Map<unknown, unknown>()
  for (const [what, body, headers, data] of accepted) {
    const answer = await post(body, headers)
    assert.equal(answer.status, 201, `${what}: ${answer.status}`)
    wanted.set(await answer.json(), data)
  }
  const documents = await world.documents<EventDocument>('events')
  assert.deepEqual(new Map(documents.map(({ id, event }) => [id, event.data])), wanted)
})
