import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { boundAt } from '../../shared/events/event-id.ts'
import { idAt, at, parse, faultOf, past } from '../support/read-requests.ts'

test('absent parameters have defaults', () => {
  assert.deepEqual(parse('after=1'), {
    about: {},
    after: '',
    until: at('2026-03-01T11:59:30Z'),
    sources: [],
    types: [],
    size: 50,
  })
})

const nowhere = [
  '1',
  '0',
  'null',
  'x',
  '%20',
  '%00',
  '../x',
  past.slice(1),
  `${past}0`,
  `{${past}}`,
]

const positions: [what: string, query: string, after: string][] = [
  ['an id that this service made', `after=${past}`, past],
  ['the same in capitals', `after=${past.toUpperCase()}`, past],
  ['the first of two', `after=${past}&after=1`, past],
  [
    'an id of this very moment',
    `after=${idAt('2026-03-01T12:00:00Z')}`,
    idAt('2026-03-01T12:00:00Z'),
  ],
  ['an id of the future', `after=${idAt('2026-03-01T12:00:00.001Z')}`, ''],
  ["an id of Altinn's", 'after=3fa85f64-5717-4562-b3fc-2c963f66afa6', ''],
  ['a UUID of version 1', 'after=c232ab00-9414-11ec-b3c8-9f6bdeced846', ''],
  ['a UUID of another variant', `after=${past.replace('-8000-', '-c000-')}`, ''],
  ...nowhere.map((after): [string, string, string] => [`no UUID: ${after}`, `after=${after}`, '']),
  ['a time', 'from=2026-02-01T00:00:00Z', at('2026-02-01T00:00:00Z')],
  ['an id before the time', `from=2026-02-02T00:00:00Z&after=${past}`, at('2026-02-02T00:00:00Z')],
  ['an id after the time', `from=2026-01-01T00:00:00Z&after=${past}`, past],
  ['an empty id and a time', 'after=&from=2026-02-01T00:00:00Z', at('2026-02-01T00:00:00Z')],
  ['a time before all time', 'from=0001-01-01T00:00:00Z', boundAt(0)],
]

describe('where a page begins', () => {
  for (const [what, query, after] of positions)
    test(`${what}: ${query}`, () => assert.equal(parse(query).after, after))
})

const sizes: [given: string, size: number][] = [
  ['1', 1],
  ['1000', 1000],
  ['1001', 1000],
  ['99999999999999999999', 1000],
  ['007', 7],
  ['', 50],
  ['10&size=20', 10],
]

describe('sizes', () => {
  for (const [given, size] of sizes)
    test(`size=${given} is ${size}`, () => assert.equal(parse(`after=1&size=${given}`).size, size))
  for (const given of ['0', '-1', 'abc', '1.5', '1e3', '%2B5', '0x10', ' 5', '1,000', 'NaN', '٥'])
    test(`rejects size=${given}`, () => {
      const sentence = "The 'Size' parameter must be a number larger that 0."
      assert.equal(faultOf(`after=1&size=${given}`), sentence)
    })
})

const people: [query: string, person: string | null, about: object][] = [
  ['party=50019855', null, { subject: '/party/50019855' }],
  ['party=50019855', '', { subject: '/party/50019855' }],
  ['unit=991825827', null, { alternative: '/organisation/991825827' }],
  ['', '01017512345', { alternative: '/person/01017512345' }],
  ['party=0', null, {}],
  ['party=0&unit=991825827', null, { alternative: '/organisation/991825827' }],
  ['party=0', '01017512345', { alternative: '/person/01017512345' }],
  ['party=&unit=', '', {}],
  ['PARTY=1', null, { subject: '/party/1' }],
  ['party=2147483647', null, { subject: '/party/2147483647' }],
  ['party=1&party=2', null, { subject: '/party/1' }],
  ['person=01017512345', null, {}], // only the header counts: addresses end in logs
]

const twoOf = (one: string, other: string) => `Only one of '${one}' or '${other}' can be defined.`

const notPeople: [query: string, person: string | null, sentence: string][] = [
  ['party=1', '01017512345', twoOf('Party', 'Person')],
  ['party=1&unit=991825827', null, twoOf('Party', 'Unit')],
  ['unit=991825827', '01017512345', twoOf('Unit', 'Person')],
  ...['1', '99182582', '9918258270', '99182582x', '%25', '991825827,991825828', '९९१८२५८२७'].map(
    (unit): [string, null, string] => [
      `unit=${unit}`,
      null,
      "Value of 'Unit' needs to be exactly 9 digits.",
    ],
  ),
  ...['1', '0101751234', '010175123450', '0101751234x', '%', '01017512345,02017512345'].map(
    (person): [string, string, string] => [
      '',
      person,
      "Value of 'Person' needs to be exactly 11 digits.",
    ],
  ),
  ...['-1', 'x', '1.0', '%', '1,2', '1/2', '..', '2147483648', '1'.repeat(21)].map(
    (party): [string, null, string] => [
      `party=${encodeURIComponent(party)}`,
      null,
      `The value '${party}' is not valid.`,
    ],
  ),
]

describe('the subject of a read request', () => {
  for (const [query, person, about] of people)
    test(`${query}, header ${person}`, () =>
      assert.deepEqual(parse(`after=1&${query}`, person).about, about))
  for (const [query, person, sentence] of notPeople)
    test(`${query}, header ${person}: 400`, () =>
      assert.equal(faultOf(`after=1&${query}`, person), sentence))
})

const patterns: [query: string, types: string[]][] = [
  ['type=a', ['a']],
  ['type=a&type=b', ['a', 'b']],
  ['type=a,b', ['a', 'b']], // the form in which hosts join what is repeated
  ['type=a,b&type=c&Type=a', ['a', 'b', 'c']],
  ['type[]=a&type[]=b', ['a', 'b']],
  ['type%5B0%5D=a&type[1]=b', ['a', 'b']],
  ['type=', []],
  ['type=,,&type=', []],
  ['type=%25', ['%']],
  ['type=a%2Cb', ['a', 'b']],
  ['type=%deleted', ['%deleted']], // as ASP.NET: what encodes no character is text
  ['type=%E5', ['%E5']],
  ['type=%C3%A5%C3', ['å%C3']],
  ['type=%F0%9F%A6%89%', ['🦉%']],
  ['type=%ED%A0%80%C0%80', ['%ED%A0%80%C0%80']], // a surrogate, and an overlong form
  ['type=a+b%2Bc%20d', ['a b+c d']],
  ['type=a=b', ['a=b']],
  ['types=a&xtype=b', []],
]

describe('patterns', () => {
  for (const [query, types] of patterns)
    test(query, () => {
      assert.deepEqual(parse(`after=1&${query}`).types, types)
      const sources = query.replaceAll('type', 'source').replaceAll('Type', 'SOURCE')
      assert.deepEqual(parse(`after=1&${sources}`).sources, types)
    })
  test('accepts 20 patterns of each kind and no more', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`).join(',')
    assert.equal(parse(`after=1&type=${many(20)},t0&source=${many(20)}`).types.length, 20)
    assert.match(faultOf(`after=1&type=${many(21)}`), /^At most 20 values of 'type'/)
    assert.match(faultOf(`after=1&source=${many(21)}`), /^At most 20 values of 'source'/)
  })
})

const unbounded = [
  '',
  'size=5',
  'to=2026-02-01T00:00:00Z',
  'after=',
  'after=&from=',
  'type=a&party=1',
]

for (const query of unbounded)
  test(`rejects a query without a beginning: ${query}`, () =>
    assert.equal(faultOf(query), "The 'From' or 'After' parameter must be defined."))
