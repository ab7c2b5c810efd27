import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withLatest } from '../../shared/deliveries/delivery.ts'
import { codePoint } from '../support/code-point.ts'
import { cutText, decodeBeginning } from '../../shared/http/cut-text.ts'

const text = fc.string({ unit: codePoint, maxLength: 30 })

test('a text is cut to its first units, and never inside a character', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (whole, max) => {
      const cut = cutText(whole, max)
      assert.ok(whole.startsWith(cut) && cut.isWellFormed())
      assert.ok(cut.length <= max && cut.length >= Math.min(whole.length, max) - 1)
    }),
  )
  assert.equal(cutText('a😀b', 1), 'a')
  assert.equal(cutText('a😀b', 2), 'a')
  assert.equal(cutText('a😀b', 3), 'a😀')
})

test('the first bytes of a text are read up to the last whole character', () => {
  fc.assert(
    fc.property(text, fc.nat(130), (whole, max) => {
      const read = decodeBeginning(Buffer.from(whole).subarray(0, max))
      assert.ok(whole.startsWith(read))
      assert.ok(Buffer.byteLength(read) > Math.min(Buffer.byteLength(whole), max) - 4)
    }),
  )
})

test('what an earlier attempt keeps of its answer ends at a whole character', () => {
  const at = '2026-01-01T00:00:00.000Z'
  const before = { at, ms: 1, status: 500, answer: `${'.'.repeat(199)}😀` }
  const [earlier] = withLatest([before], { at, ms: 1, status: 500 })
  assert.equal(earlier?.answer, '.'.repeat(199))
})
