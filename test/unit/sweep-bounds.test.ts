// What a sweep costs with ten or a million waiting, in virtual time.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import {
  CLAIM_UNITS,
  createOverdueWork,
  overduePage,
  type Spent,
} from '../../bench/capacity/overdue-work.ts'
import { simulateSweep, type sweeps } from '../../bench/capacity/simulate-sweep.ts'
import { mostCost } from '../../bench/capacity/sweeps.ts'

const MILLION = 1_000_000
const PARTITIONS = 1700
const A_RUN = 5000

test('a sweep sends a million, the longest overdue first, each once, in 100 minutes', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    'bench/capacity/sweep-million.ts',
  ])
  t.diagnostic(stdout)
  const { ofARun: _one, ...all }: Record<string, unknown> = JSON.parse(stdout)
  const expected = { sent: MILLION, isOldestFirst: true, isEachOnce: true }
  assert.deepEqual(all, { ...expected, minutes: 100, runs: MILLION / A_RUN })
})

/** Returns what the first run takes with so many waiting. */
async function firstRun(
  t: TestContext,
  sweep: keyof typeof sweeps,
  waiting: number,
): Promise<Spent> {
  const work = createOverdueWork(waiting, PARTITIONS)
  const [first] = await simulateSweep(work, sweep, 30)
  assert.ok(first)
  const { queries, loaded, claims, units } = first
  t.diagnostic(
    `${waiting} waiting: ${claims} claimed for ${Math.round(units)} RU, ${queries} queries that load ${loaded}`,
  )
  return first
}

for (const sweep of ['sweep-events', 'sweep-deliveries'] as const)
  test(`a run of ${sweep} costs the same with a million waiting as with a hundred thousand`, async (t) => {
    const few = await firstRun(t, sweep, 10)
    const some = await firstRun(t, sweep, 100_000)
    const all = await firstRun(t, sweep, MILLION)
    assert.deepEqual([few.claims, some.claims, all.claims], [10, A_RUN, A_RUN])
    assert.ok(Math.abs(all.units / some.units - 1) < 0.05)
    assert.ok(all.units / all.claims < few.units / few.claims)
    const page = mostCost(overduePage, PARTITIONS)
    assert.ok(all.loaded <= 5 * page.loaded, 'no more than reckoned')
    assert.ok(all.units <= 5 * page.units + A_RUN * CLAIM_UNITS)
  })

test('while nothing that is sent is done, each is sent ever less often, and none again before all once', async () => {
  const [waiting, hours] = [6000, 2]
  const work = createOverdueWork(waiting, 10, true)
  await simulateSweep(work, 'sweep-deliveries', hours * 3600)
  const times = new Map<number, number[]>()
  for (const { index, at } of work.sent) times.set(index, [...(times.get(index) ?? []), at])
  assert.equal(times.size, waiting)
  assert.equal(new Set(work.sent.slice(0, waiting).map(({ index }) => index)).size, waiting)
  for (const each of times.values()) {
    assert.ok(each.length <= 6 + hours, `sent ${each.length} times`)
    for (const [again, at] of each.slice(1).entries())
      assert.ok(at - (each[again] ?? 0) >= Math.min(60, 2 ** again) * 59_000)
  }
})
