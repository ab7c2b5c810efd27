import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateBacklog } from './backlog.ts'
import { planOf } from './random-plan.ts'
import { simulate } from './simulate.ts'

// `npm run proof:simulation` runs any number of seeds, and with `--backlog 10000` a larger backlog.
const SECONDS = 6
const MIN_SEEDS = 60
const MAX_SEEDS = 300
const BACKLOG_SIZE = 2000

test(`the delivery machine keeps its invariants under up to ${MAX_SEEDS} seeds`, async (t) => {
  const end = Date.now() + SECONDS * 1000
  let seed = 0
  while (seed < MIN_SEEDS || (seed < MAX_SEEDS && Date.now() < end)) {
    const { violations } = await simulate(planOf(++seed))
    assert.deepEqual(violations, [], `to reproduce: npm run proof:simulation -- --seed ${seed}`)
  }
  t.diagnostic(`${seed} seeds`)
})

test('a seed is reproducible', async () => {
  // The last one has a replay that reads its page again after an error of the store.
  for (const seed of [3, 29, 43, 3_000_040]) {
    const [first, second] = [await simulate(planOf(seed), 1e6), await simulate(planOf(seed), 1e6)]
    assert.deepEqual(withoutTraceparents(first.trace), withoutTraceparents(second.trace))
  }
})

/** Removes the trace contexts, which do not come from the seed. */
const withoutTraceparents = (trace: string[]): string[] =>
  trace.map((line) => line.replaceAll(/00-[0-9a-f]{32}-[0-9a-f]{16}-01/g, ''))

test(`a backlog of ${BACKLOG_SIZE} takes at most 12 store calls per delivery, and delays no other subscriber`, async (t) => {
  const { delivered, callsPerDelivery, maxOverdueSeconds, retries } = await simulateBacklog({
    events: BACKLOG_SIZE,
  })
  t.diagnostic(`${callsPerDelivery.toFixed(1)} store calls per delivery`)
  t.diagnostic(
    `${retries} retries of another subscriber, the latest ${maxOverdueSeconds} s overdue`,
  )
  assert.equal(delivered, BACKLOG_SIZE)
  assert.ok(callsPerDelivery <= 12)
  assert.ok(retries > 0)
  assert.ok(maxOverdueSeconds <= 60)
})
