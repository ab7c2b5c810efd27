import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { boundAt } from '../../shared/events/event-id.ts'
import { at, parse, faultOf } from '../support/read-requests.ts'

// Every form that .NET's clients and the original's documentation write; the offset counts.
const times: [written: string, time: string][] = [
  ['2026-02-01T10:00:00Z', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01t10:00:00z', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01 10:00:00Z', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01T10:00:00.1239999Z', '2026-02-01T10:00:00.123Z'],
  ['2026-02-01T10:00Z', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01T12:00:00%2B02:00', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01T06:30:00-03:30', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01 12:00:00 %2B02:00', '2026-02-01T10:00:00.000Z'],
  ['2026-02-01Z', '2026-02-01T00:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
]

const timeless = [
  '2026-02-01T10:00:00',
  '2026-02-01',
  '2026-02-01 10:00',
  '2026-02-01T10:00:00.123',
]

const nonsense = [
  'x',
  '0',
  '1767225600',
  '2026-02-30T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '01.02.2026',
]

nonsense.push(
  '2026-02-01T25:00:00Z',
  '2026-02-01T12:00:00+02:00',
  '2026-02-01T10:00:00Q',
  '2025-02-29Z',
)

nonsense.push(
  'Sun, 01 Feb 2026 10:00:00 GMT',
  '2026-02-01T10:00:00Z;x',
  '2026-02-01T10:00:00+25:00',
)

describe('times', () => {
  for (const [written, time] of times)
    test(`${written} is a time`, () => {
      assert.equal(parse(`from=${written}`).after, at(time))
      const end = boundAt(Date.parse(time) + 1) // `to` is included
      assert.equal(parse(`after=1&to=${written}`).until, end)
    })
  for (const [name, query] of [
    ['From', 'from='],
    ['To', 'after=1&to='],
  ] as const) {
    for (const written of timeless)
      test(`${name} ${written} has no time zone`, () => {
        const sentence = `The '${name}' parameter must specify timezone. E.g. 2022-07-07T11:00:53.3917Z for UTC`
        assert.equal(faultOf(query + written), sentence)
      })
    for (const written of nonsense)
      test(`${name} ${written} is no time`, () => {
        assert.match(faultOf(query + written), new RegExp(`^The '${name}' .* date and time.*%2B`))
      })
  }
  test('no `to` reaches past the read watermark', () => {
    for (const to of ['2026-03-01T11:59:45Z', '2026-03-01T12:00:00Z', '9999-12-31T23:59:59Z'])
      assert.equal(parse(`after=1&to=${to}`).until, at('2026-03-01T11:59:30Z'))
  })
})
