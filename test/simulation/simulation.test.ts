import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateBacklog } from './backlog.ts'
import { planOf } from './random-plan.ts'
import { simulate } from './simulate.ts'

// `npm run proof:simulation` runs as many seeds as wanted, and `--backlog 10000` the larger backlog.
const SECONDS = 10
const AT_LEAST = 60
const MAX_SEEDS = 300
const BACKLOG = 2000

test(`the delivery machine keeps its promises under up to ${MAX_SEEDS} seeds`, async (t) => {
  const end = Date.now() + SECONDS * 1000
  let seed = 0
  while (seed < AT_LEAST || (seed < MAX_SEEDS && Date.now() < end)) {
    const { violations } = await simulate(planOf(++seed))
    assert.deepEqual(
      violations,
      [],
      `seed ${seed}: npm run proof:simulation -- --seed ${seed} shows why`,
    )
  }
  t.diagnostic(`${seed} seeds`)
})

test('a seed is reproducible', async () => {
  for (const seed of [3, 29, 43]) {
    const [first, second] = [await simulate(planOf(seed), 1e6), await simulate(planOf(seed), 1e6)]
    assert.deepEqual(withoutChance(first.trace), withoutChance(second.trace))
  }
})

/** Trace ids are random by themselves. */
const withoutChance = (trace: string[]): string[] =>
  trace.map((line) => line.replaceAll(/00-[0-9a-f]{32}-[0-9a-f]{16}-01/g, ''))

test(`a backlog of ${BACKLOG} costs only its attempts, and delays no other subscriber`, async (t) => {
  const { delivered, callsPerDelivery, latestSeconds, retries } = await simulateBacklog({
    events: BACKLOG,
  })
  t.diagnostic(`${callsPerDelivery.toFixed(1)} store calls per delivery`)
  t.diagnostic(`${retries} retries of another subscriber, the latest ${latestSeconds} s overdue`)
  assert.equal(delivered, BACKLOG)
  assert.ok(callsPerDelivery <= 12)
  assert.ok(retries > 0)
  assert.ok(latestSeconds <= 60)
})
