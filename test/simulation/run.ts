import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { simulateBacklog } from './backlog.ts'
import type { Plan } from './plan.ts'
import { planOf } from './random-plan.ts'
import { shrink } from './shrink.ts'
import { simulate, type Result } from './simulate.ts'
import { simulateSeeds } from './simulate-seeds.ts'

/**
 * Simulates seeds, in as many threads as there are cores. Prints for each failing seed its violations, the smallest failing plan that it
 * finds, and the last lines of its trace. Exits with 1 when a seed fails.
 *
 *   --seeds N      the number of seeds (1000)
 *   --seed S       the first seed (1); without --seeds, the only one
 *   --workers W    the number of threads (one per core)
 *   --lines L      the number of lines of a failure's trace (60)
 *   --whole        prints the whole trace of each seed, without shrinking
 *   --list         lists the failing seeds, without shrinking
 *   --first        ends at the first failing seed, without shrinking
 *   --backlog N    simulates only a backlog of N deliveries
 *   --out FILE     writes the totals into a file, as JSON
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    lines: { type: 'string', default: '60' },
    whole: { type: 'boolean', default: false },
    first: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    backlog: { type: 'string' },
    out: { type: 'string' },
  },
})
const first = Number(values.seed ?? 1)
const count = Number(values.seeds ?? (values.seed === undefined ? 1000 : 1))
const lines = Number(values.lines)
const workers = Number(values.workers)
if (![first, count, lines, workers].every(Number.isSafeInteger))
  throw new Error('--seed, --seeds, --lines and --workers must be integers.')

const SHRINK_MS = 60_000
const PROGRESS_MS = 10_000
const MAX_PRINTED = 5

const began = Date.now()
const totals = { seeds: 0, failed: 0, steps: 0, days: 0, accepted: 0, requests: 0 }
let lastProgressAt = began

if (values.backlog !== undefined) {
  console.log(await simulateBacklog({ events: Number(values.backlog) }))
  process.exit()
}
for await (const { seed, result } of simulateSeeds(first, first + count, workers)) {
  addToTotals(result)
  if (values.whole) console.log((await simulate(planOf(seed), 1_000_000)).trace.join('\n'))
  if (result.violations.length > 0) {
    await printFailure(seed, result)
    if (values.first) break
  }
  if (Date.now() - lastProgressAt < PROGRESS_MS) continue
  lastProgressAt = Date.now()
  console.log(summary())
}
console.log(summary())
if (values.out !== undefined) {
  const at = new Date().toISOString()
  const seconds = (Date.now() - began) / 1000
  writeFileSync(values.out, JSON.stringify({ at, firstSeed: first, seconds, ...totals }))
}
process.exitCode = totals.failed > 0 ? 1 : 0

function addToTotals({ violations, steps, virtualMs, accepted, requests }: Result): void {
  totals.seeds++
  if (violations.length > 0) totals.failed++
  totals.steps += steps
  totals.days += virtualMs / 86_400_000
  totals.accepted += accepted
  totals.requests += requests
}

async function printFailure(seed: number, { violations }: Result): Promise<void> {
  console.log(`\nseed ${seed}: ${violations.length} violations`)
  console.log(violations.slice(0, MAX_PRINTED).join('\n'))
  console.log(`to reproduce: npm run proof:simulation -- --seed ${seed}`)
  if (totals.failed > MAX_PRINTED || values.whole || values.first || values.list) return
  const fails = async (plan: Plan) => (await simulate(plan)).violations.length > 0
  const smallest = await shrink(planOf(seed), fails, Date.now() + SHRINK_MS)
  const last = await simulate(smallest, lines)
  console.log(`the smallest failing plan: ${JSON.stringify(smallest)}`)
  console.log(`${last.trace.join('\n')}\n${last.violations.slice(0, MAX_PRINTED).join('\n')}\n`)
}

function summary(): string {
  const { seeds, failed, steps, days, accepted, requests } = totals
  const seconds = (Date.now() - began) / 1000
  return (
    `${seeds} seeds, ${failed} failed, ${(seeds / seconds).toFixed(1)} a second; ` +
    `${Math.round(days)} days, ${accepted} events, ${requests} webhooks, ${steps} steps`
  )
}
