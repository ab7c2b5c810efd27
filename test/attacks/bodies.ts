import { gzipSync } from 'node:zlib'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { sendRaw } from '../support/raw-request.ts'
import { countStored, type Status } from '../support/problems.ts'
import { createTestStores } from '../support/stores.ts'
import { attack, statusOfRefusal, type Attack } from './attack.ts'
import { leakAttacks } from './secrets.ts'

export const LIMIT = 1_000_000
export type Body = string | Uint8Array
export type Headers = Record<string, string | undefined>

export const example = JSON.stringify(exampleEvent)
const utf16 = Buffer.from(example, 'utf16le')
export const type = (value: string | undefined) => ({ 'Content-Type': value })
/** Returns the example with `json` as its `data`. */
export const withData = (json: string) => `${example.slice(0, -1)},"data":${json}}`
/** Returns nested lists. The outermost is at level 2, within the event. */
export const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
export const nestedObjects = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels)
export const ofLength = (length: number) =>
  withData(`"${'x'.repeat(length - withData('""').length)}"`)

export const chunked = { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' }

const [before = '', after = ''] = withData('"…"').split('…')
const megabyte = gzipSync('x'.repeat(1_000_000))
const bomb = Buffer.concat([
  gzipSync(before),
  ...Array.from({ length: 20 }, () => megabyte), // a file of gzip may have many members
  gzipSync(after),
])

/** Bodies that must be refused, with the status. */
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
  [415, 'a json suffix of another type', example, type('image/svg+json')],
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
  [415, 'a body declared as brotli', example, { 'Content-Encoding': 'br' }],
  [415, 'a gzip bomb: 20 MB in 20 KB', bomb, { 'Content-Encoding': 'gzip' }],
  [415, 'a gzip bomb in a gzip bomb', gzipSync(bomb), { 'Content-Encoding': 'gzip, gzip' }],
  [400, 'a gzip bomb without Content-Encoding', bomb],
  // Length
  [400, 'an empty chunked body', '', chunked],
  [413, 'a chunked body with a byte too many', ofLength(LIMIT + 1), chunked],
  [413, 'a byte too many', ofLength(LIMIT + 1)],
  [413, 'a byte too many by a letter of two bytes', ofLength(LIMIT).replace('x', 'å')],
  [413, 'a megabyte', ofLength(1_048_576)],
  // No JSON, or no event, altinn-contract §4.4
  [400, 'an empty body', ''],
  [400, 'white space', ' \r\n\t'],
  [400, 'null', 'null'],
  [400, 'true', 'true'],
  [400, 'a number', '1'],
  [400, 'a text', '"event"'],
  [400, 'an empty list', '[]'],
  [400, 'a list with an event in it', `[${example}]`],
  [400, 'a trailing comma in the object', `${example.slice(0, -1)},}`],
  [400, 'a trailing comma in a list', withData('[1,]')],
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
  [400, '100,000 levels without an event', nested(100_000)],
  [400, '100,000 levels that are not closed', '['.repeat(100_000)],
  [400, '__proto__', `{"__proto__":{"type":"x"},${example.slice(1)}`],
  [400, '__proto__, written with an escape', `{"__pr\\u006fto__":1,${example.slice(1)}`],
  [400, '__proto__ in data', withData('{"a":[{"__proto__":{"admin":true}}]}')],
  [400, 'half a surrogate pair', withData('"\\ud83d"')],
  [400, 'a reversed surrogate pair', withData('"\\ude00\\ud83d"')],
  [400, 'half a surrogate pair in a name', withData('{"\\udc00":1}')],
  // National identity numbers where an error message must not repeat them
  [400, 'an identity number before invalid JSON', example.replace('512345"', '512345" x')],
  [400, 'an identity number in invalid JSON', 'x01017512345'],
  [400, 'only an identity number', '"01017512345'],
  [400, 'a person as the subject', example.replace('/party/50019855"', '/person/01017512345"')],
  [400, 'an identity number as a number', example.replace('"/person/01017512345"', '1017512345')],
  [400, 'an identity number in the type', `${example.slice(0, -1)},"type":["01017512345"]}`],
  [
    400,
    'an identity number in the schema',
    `${example.slice(0, -1)},"dataschema":"person 01017512345"}`,
  ],
  [
    400,
    'an identity number as the media type',
    `${example.slice(0, -1)},"contenttype":"01017512345"}`,
  ],
  [400, 'a byte order mark', `\uFEFF${example}`],
  [400, 'only a byte order mark', '\uFEFF'],
  [400, 'invalid utf-8', Buffer.from(withData('"\xe5"'), 'latin1')],
  [400, 'an overlong utf-8 form', Buffer.from(withData('"\xc0\xaf"'), 'latin1')],
  [400, 'a surrogate in utf-8', Buffer.from(withData('"\xed\xa0\xbd"'), 'latin1')],
  [400, 'utf-16 declared as utf-8', utf16],
  [400, 'utf-8 declared as utf-16', example, type('application/json; charset=utf-16')],
  [
    400,
    'half a utf-16 unit',
    Buffer.concat([utf16, Buffer.of(32)]),
    type('application/json; charset=utf-16'),
  ],
]

export type BodyFixture = Awaited<ReturnType<typeof startBodyFixture>>

/** Starts an app that accepts bodies of up to LIMIT bytes. */
export async function startBodyFixture() {
  const stores = await createTestStores()
  const settings = { EVENT_MAX_BYTES: String(LIMIT) }
  const app = await startApp(stores, { functions: ['publish-event'], settings })
  const signed = clientHeaders(...(await tokensOf('ttd', 'apps-test')))

  /** POSTs exactly these bytes with valid tokens. An undefined header is left out. */
  const post = (body: Body, headers: Headers = {}): Promise<Response> => {
    const all = { ...signed, 'Content-Length': String(Buffer.byteLength(body)), ...headers }
    const given = Object.entries(all).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    )
    return sendRaw(`${app.api}/app`, given, body)
  }
  return { stores, app, signed, post, stop: app.stop }
}

const invalidKeys = ['', 'a b', 'x'.repeat(256), 'blå', 'a\tb']

/** Returns `count` headers with values of `length` characters. */
const manyHeaders = (count: number, length: number): Headers =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`X-${index}`, 'x'.repeat(length)]),
  )

/** Attacks on POST /app by the body and the headers of a request. */
export function bodyAttacks({ stores, app, signed, post }: BodyFixture): Attack[] {
  return [
    ...refused.map(([status, what, body, headers]) =>
      attack('body', what, status, () => statusOfRefusal(post(body, headers), status)),
    ),
    attack(
      'headers',
      '400 headers, 40 KB in all',
      431,
      async () => (await post(example, manyHeaders(400, 100))).status,
    ),
    attack(
      'headers',
      'a header of 40 KB',
      431,
      async () => (await post(example, manyHeaders(1, 40_000))).status,
    ),
    attack(
      'headers',
      'a thousand empty headers',
      431,
      async () => (await post(example, manyHeaders(1000, 0))).status,
    ),
    ...invalidKeys.map((key) =>
      attack('headers', `the idempotency key "${key.slice(0, 10)}"`, 400, () =>
        statusOfRefusal(post(example, { 'Idempotency-Key': key }), 400),
      ),
    ),
    attack('body', '20,000 unknown members', 201, async () => (await post(unknownMembers)).status),
    attack(
      'body',
      'events stored, messages queued and keys reserved by all of these',
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
