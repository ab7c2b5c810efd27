import { gzipSync } from 'node:zlib'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { sendRaw } from '../support/raw-request.ts'
import { countStored, type Status } from '../support/problems.ts'
import { createTestStores } from '../support/stores.ts'
import { attack, statusOfRefusal, type Attack } from './attack.ts'
import { leakAttacks } from './secrets.ts'

export const LIMIT = 262_144
export type Body = string | Uint8Array
export type Headers = Record<string, string | undefined>

export const example = JSON.stringify(exampleEvent)
const utf16 = Buffer.from(example, 'utf16le')
export const type = (value: string | undefined) => ({ 'Content-Type': value })
/** The example with one more member: `json` as it stands. */
export const withData = (json: string) => `${example.slice(0, -1)},"data":${json}}`
/** Lists in lists; the outermost is at level 2, within the event. */
export const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
export const nestedObjects = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
export const ofLength = (length: number) =>
  withData(`"${'x'.repeat(length - withData('""').length)}"`)

const bomb = gzipSync(withData(`"${'x'.repeat(20_000_000)}"`))

/** Bodies that must not be taken. */
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
  [415, 'a gzip bomb: 20 MB in 20 KB', bomb, { 'Content-Encoding': 'gzip' }],
  [415, 'a gzip bomb in a gzip bomb', gzipSync(bomb), { 'Content-Encoding': 'gzip, gzip' }],
  [400, 'a gzip bomb that does not say so', bomb],
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
  // Somebody's number where it must not be said again
  [400, 'a number of a person after which no JSON comes', example.replace('512345"', '512345" x')],
  [400, 'a number of a person in bad JSON', 'x01017512345'],
  [400, 'a number of a person and nothing else', '"01017512345'],
  [400, 'a person for a subject', example.replace('/party/50019855"', '/person/01017512345"')],
  [400, 'a person for a number', example.replace('"/person/01017512345"', '1017512345')],
  [400, 'a person for a type', `${example.slice(0, -1)},"type":["01017512345"]}`],
  [400, 'a person for a schema', `${example.slice(0, -1)},"dataschema":"person 01017512345"}`],
  [400, 'a person for a media type', `${example.slice(0, -1)},"contenttype":"01017512345"}`],
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

export type BodyFixture = Awaited<ReturnType<typeof startBodyFixture>>

/** An app that takes bodies of up to LIMIT bytes. */
export async function startBodyFixture() {
  const stores = await createTestStores()
  const settings = { EVENT_MAX_BYTES: String(LIMIT) }
  const app = await startApp(stores, { functions: ['publish-event'], settings })
  const signed = clientHeaders(...(await tokensOf('ttd', 'apps-test')))

  /** POSTs these very bytes with good tokens; a header given as undefined is left out. */
  const post = (body: Body, headers: Headers = {}): Promise<Response> => {
    const all = { ...signed, 'Content-Length': String(Buffer.byteLength(body)), ...headers }
    const given = Object.entries(all).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    )
    return sendRaw(`${app.api}/app`, given, body)
  }
  return { stores, app, signed, post, stop: app.stop }
}

const badKeys = ['', 'a b', 'x'.repeat(256), 'blå', 'a\tb']

/** So many headers that nobody needs. */
const manyHeaders = (count: number, length: number): Headers =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`X-${index}`, 'x'.repeat(length)]),
  )

/** Every attack on POST /app by the body and the headers of a request. */
export function bodyAttacks({ stores, app, signed, post }: BodyFixture): Attack[] {
  return [
    ...refused.map(([status, what, body, headers]) =>
      attack('body', what, status, () => statusOfRefusal(post(body, headers), status)),
    ),
    attack(
      'headers',
      'a flood: 400 of them, 40 KB',
      431,
      async () => (await post(example, manyHeaders(400, 100))).status,
    ),
    attack(
      'headers',
      'one of 40 KB',
      431,
      async () => (await post(example, manyHeaders(1, 40_000))).status,
    ),
    attack(
      'headers',
      'a thousand empty ones',
      431,
      async () => (await post(example, manyHeaders(1000, 0))).status,
    ),
    ...badKeys.map((key) =>
      attack('headers', `the idempotency key "${key.slice(0, 10)}"`, 400, () =>
        statusOfRefusal(post(example, { 'Idempotency-Key': key }), 400),
      ),
    ),
    attack(
      'body',
      '20,000 members that nobody reads',
      201,
      async () => (await post(unknownMembers)).status,
    ),
    attack(
      'body',
      'what all this has stored and queued',
      '1 stored, 1 queued, 0 keys',
      async () => {
        const { stored, queued } = await countStored(stores)
        return `${stored} stored, ${queued} queued, ${(await stores.documents('requests')).length} keys`
      },
    ),
    ...leakAttacks('body', app, [signed.Authorization, signed.PlatformAccessToken]),
  ]
}

const unknownMembers = `{${Array.from({ length: 20_000 }, (_, index) => `"${index}":0,`).join('')}${example.slice(1)}`
