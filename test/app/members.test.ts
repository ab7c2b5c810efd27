import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { assertRefused, countStored } from '../support/problems.ts'
import { type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'

const startShared = useApp({ functions: ['publish-event'] })
let stores: TestStores
let app: App
let earlier: Awaited<ReturnType<typeof countStored>>
before(async () => {
  ;({ stores, app } = await startShared())
  earlier = await countStored(stores)
})

const MISSING = 'Missing parameter values: source, subject and type cannot be null'
const required = ['type', 'source', 'subject', 'specversion']
const absent: [what: string, value: unknown][] = [
  ['left out', undefined],
  ['null', null],
  ['empty', ''],
]

for (const name of required)
  for (const [what, value] of absent)
    test(`a ${name} that is ${what} gives the documented problem and no list`, async () => {
      const answer = await app.publish({ ...exampleEvent, [name]: value })
      const { detail, errors } = await assertRefused(answer, 400)
      assert.equal(detail, MISSING)
      assert.deepEqual(errors, [])
    })

test('an empty event gives the same problem and lists each member', async () => {
  for (const event of [{}, { type: null, source: '', id: 'x' }]) {
    const { detail, errors } = await assertRefused(await app.publish(event), 400)
    assert.equal(detail, MISSING)
    assert.deepEqual(
      errors.map(({ pointer }) => pointer),
      required.map((name) => `/${name}`),
    )
  }
})

test('one response lists every violation of a body, each with its JSON pointer', async () => {
  const wrong = { type: 5, source: 'ttd', subject: '/party/x', specversion: 1, data: { type: 5 } }
  const event = { ...wrong, alternativesubject: [], dataschema: 'no URI', contenttype: 'none' }
  const { detail, errors } = await assertRefused(await app.publish(event), 400)
  const names = [...required, 'alternativesubject', 'dataschema', 'contenttype']
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    names.map((name) => `/${name}`),
  )
  assert.equal(detail, errors[0]?.detail)
  const both = await app.publish({ ...event, type: null })
  assert.equal((await assertRefused(both, 400)).detail, MISSING)
})

test('names a violation by the contract’s spelling of the member', async () => {
  const event = { ...exampleEvent, TYPE: 5, subjecT: 5 }
  const { errors } = await assertRefused(await app.publish(event), 400)
  assert.deepEqual(
    errors.map(({ pointer }) => pointer),
    ['/type', '/subject'],
  )
})

const long = (prefix: string, length: number) => prefix.padEnd(length, 'x')
const notNumbers = ['x', '1x', '-1', '+1', '1.5', '1e3', '0x1', '١٢', '１', '%31', '1'.repeat(21)]
const notAlone = ['', ' 1', '1 ', '1/', '1/x', '1?x', '1#x', '1\n', '1\r\nX: y']
const otherForms = [
  '/party',
  'party/1',
  '/Party/1',
  '/PARTY/1',
  '//party/1',
  '/party//1',
  ' /party/1',
]
const otherKinds = ['/person/01017512345', '/organisation/987564321', 'urn:altinn:party:1']
const bad: Record<string, unknown[]> = {
  type: [0, 5, true, false, [], ['x'], {}, { type: 'x' }, long('', 256)],
  source: [5, true, [exampleEvent.source], {}, long(`${exampleEvent.source}/`, 2049)],
  specversion: [1, 1.0, false, ['1.0'], {}, long('', 256)],
  subject: [
    ...[...notNumbers, ...notAlone].map((end) => `/party/${end}`),
    ...otherForms,
    ...otherKinds,
    50019855,
    ['/party/1'],
    {},
  ],
  alternativesubject: [5, true, ['/person/1'], { person: 1 }],
  dataschema: [
    5,
    true,
    [],
    {},
    'schema',
    '/schema',
    '//a.no/x',
    'http://a b',
    'http://[',
    '%',
    ':x',
  ],
  contenttype: [
    5,
    true,
    ['a/b'],
    'json',
    'a/',
    '/b',
    'a/b/c',
    'a b/c',
    'a/b; c',
    'a/b;',
    '{"MediaType":"a/b"}',
    { MediaType: 'nonsense' },
    { mediaType: 5 },
    { MediaType: ['a/b'] },
    { MediaType: long('a/', 256) },
    { MediaType: 'a/b;c="\n"' },
  ],
}
const odd = [
  '\0',
  '\u0007',
  '\n',
  '\t',
  '\u007F',
  '\u0085',
  '\uFDD0',
  '\uFFFE',
  '\uFFFF',
  '\u{1FFFF}',
]
for (const name of ['type', 'specversion', 'alternativesubject'])
  bad[name]?.push(...odd.map((character) => `a${character}b`))
for (const [name, values] of Object.entries(bad))
  for (const value of values)
    test(`400 where ${name} is ${JSON.stringify(value).slice(0, 60)}`, async () => {
      const answer = await app.publish({ ...exampleEvent, [name]: value })
      const { detail, errors } = await assertRefused(answer, 400)
      assert.ok(detail.startsWith(`"${name}" `), detail)
      assert.ok(errors.every(({ pointer }) => pointer === `/${name}`))
    })

/** The example's members but `type`, as the end of a JSON object. */
const rest = JSON.stringify({ ...exampleEvent, type: undefined }).slice(1)
const missing = [
  '{"type":"a","type":null,',
  '{"type":"a","TYPE":"",',
  '{"Type":"a","tYpe":"b","type":null,',
  '{"__PROTO__":{"type":"a"},',
  '{"data":{"type":"a"},',
  '{"constructor":{"type":"a"},"prototype":{"type":"a"},',
  '{"types":"a","type ":"a","":"a",',
]
for (const start of missing)
  test(`reports a missing type in ${start}…`, async () => {
    assert.equal((await assertRefused(await app.publish(start + rest), 400)).detail, MISSING)
  })

test('takes the last of duplicate names, even if it is invalid', async () => {
  for (const start of ['{"type":"a","Type":5,', '{"TYPE":"a","type":"b","TYPE":5,']) {
    const { detail } = await assertRefused(await app.publish(start + rest), 400)
    assert.equal(detail, '"type" must be a string')
  }
})

test('stores and queues nothing that it rejects', async () => {
  assert.deepEqual(await countStored(stores), earlier)
})
