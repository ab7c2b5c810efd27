import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTraceparent } from '../../shared/telemetry/trace.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'

test('a valid parent keeps its trace and flags, and gets a new span', () => {
  for (const flags of ['00', '01', 'ff']) {
    const next = nextTraceparent(`00-${trace}-${span}-${flags}`)
    assert.match(next, new RegExp(`^00-${trace}-(?!${span}|0{16})[0-9a-f]{16}-${flags}$`))
  }
})

const malformed = [
  null,
  undefined,
  '',
  'x',
  trace,
  `${trace}-${span}`,
  `00-${trace}-${span}`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace.toUpperCase()}-${span}-01`,
  `00-${trace.slice(1)}-${span}-01`,
  `00-${trace}-${span}1-01`,
  `00-${trace}-${span}-1`,
  `00-${trace}-${span}-01-x`,
  `ff-${trace}-${span}-01`,
  ` 00-${trace}-${span}-01`,
  `00-${trace}-${span}-01\n`,
]
for (const parent of malformed)
  test(`starts a new, sampled trace for the parent ${JSON.stringify(parent)}`, () => {
    const next = nextTraceparent(parent)
    assert.match(next, /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/)
    assert.ok(!next.includes(trace) && !next.includes(span))
    assert.notEqual(next.slice(3, 35), nextTraceparent(parent).slice(3, 35))
  })
