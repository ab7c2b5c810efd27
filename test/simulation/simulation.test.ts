import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateBacklog } from './backlog.ts'
import { planOf } from './plan.ts'
import { simulate } from './simulate.ts'

const SECONDS = 20
const AT_LEAST = 100
const MOST = 300

test(`the delivery machine keeps its promises by ${MOST} seeds`, async (t) => {
  const end = Date.now() + SECONDS * 1000
  let seed = 0
  while (seed < AT_LEAST || (seed < MOST && Date.now() < end)) {
    const { violations } = await simulate(planOf(++seed))
    assert.deepEqual(
      violations,
      [],
      `seed ${seed}: npm run proof:simulation -- --seed ${seed} shows why`,
    )
  }
  t.diagnostic(`${seed} seeds`)
})

test('a seed runs the same way twice', async () => {
  for (const seed of [3, 4, 5]) {
    const [first, second] = [await simulate(planOf(seed), 1e6), await simulate(planOf(seed), 1e6)]
    assert.deepEqual(withoutChance(first.trace), withoutChance(second.trace))
  }
})

/** Trace ids, and the ids of validation events, are random by themselves. */
const withoutChance = (trace: string[]): string[] =>
  trace.map((line) => line.replaceAll(/00-[0-9a-f]{32}-[0-9a-f]{16}-01|[0-9a-f-]{36}: /g, ''))

test('a backlog of 10,000 costs its attempts, and holds up nobody else', async (t) => {
  const { delivered, callsPerDelivery, latestSeconds, retries } = await simulateBacklog({
    events: 10_000,
  })
  t.diagnostic(`${callsPerDelivery.toFixed(1)} store calls per delivery`)
  t.diagnostic(`${retries} retries of another subscriber, the latest ${latestSeconds} s overdue`)
  assert.equal(delivered, 10_000)
  assert.ok(callsPerDelivery <= 12)
  assert.ok(retries > 0)
  assert.ok(latestSeconds <= 60)
})
