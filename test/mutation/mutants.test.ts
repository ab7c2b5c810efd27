import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parseSync } from 'oxc-parser'
import { mutantsOf, withMutant } from './mutants.ts'
import { resultOf } from './result.ts'
import { targets } from './targets.ts'

const mutate = (source: string) =>
  mutantsOf('x.ts', source).map((mutant) => withMutant(source, mutant))

test('every file of the delivery machine has mutants: each differs, and has a unique name', async () => {
  for (const file of targets) {
    const source = await readFile(file, 'utf8')
    const mutants = mutantsOf(file, source)
    assert.ok(mutants.length > 3, file)
    assert.equal(new Set(mutants.map(({ name }) => name)).size, mutants.length)
    for (const mutant of mutants) {
      const changed = withMutant(source, mutant)
      assert.notEqual(changed, source)
      assert.deepEqual(parseSync(file, changed).errors, [], mutant.name)
    }
  }
})

test('turns comparisons, changes bounds, negates conditions', () => {
  assert.deepEqual(mutate('const late = now > end'), [
    'const late = now >= end',
    'const late = now <= end',
  ])
  assert.deepEqual(mutate('const PAGE = 100'), ['const PAGE = 0', 'const PAGE = 200'])
  assert.deepEqual(mutate('const both = a && b'), ['const both = a || b'])
  assert.deepEqual(mutate('const one = isIt ? a : b'), ['const one = !(isIt) ? a : b'])
  assert.deepEqual(mutate('if (isIt) a = b'), [
    'if (false) a = b',
    'if (!(isIt)) a = b',
    'if (isIt) ;',
  ])
})

test('ignores outcomes, drops members, drops defaults', () => {
  assert.deepEqual(mutate('async function f() { await save() }'), ['async function f() { ; }'])
  assert.deepEqual(mutate('function f(): void { return save() }'), [
    'function f(): void { return }',
  ])
  assert.deepEqual(mutate('const it = { ...before, due, state }'), [
    'const it = { ...before,  state }',
    'const it = { ...before, due,  }',
  ])
  assert.deepEqual(mutate('const it = a ?? b'), ['const it = a'])
})

test('leaves types alone', () => {
  assert.deepEqual(mutate("type Probes = 1 | 10\nconst of = (it: 'a' | 2): Probes => it"), [])
})

test('reports unexplained survivors, and explanations that are no longer true', () => {
  const [mutant, other] = mutantsOf('x.ts', 'const late = now > end')
  assert.ok(mutant !== undefined && other !== undefined)
  const outcomes = [
    { mutant, killedBy: undefined, how: '' },
    { mutant: other, killedBy: 'simulation', how: '' },
  ]
  const none = resultOf(outcomes, [], true)
  assert.deepEqual([none.mutants, none.killed, none.unexplained.length], [2, 1, 1])
  const known = [mutant.name, other.name, 'gone'].map((name) => ({ mutant: name, why: 'x' }))
  const { explained, unexplained, wrong } = resultOf(outcomes, known, true)
  assert.deepEqual([explained.length, unexplained, wrong], [1, [], [other.name, 'gone']])
  assert.deepEqual(resultOf(outcomes, known, false).wrong, [other.name])
})
