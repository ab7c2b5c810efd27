// `npm run proof:loss [-- --seed N] [--long]`: proves that no accepted event (201) is lost. It has a run without faults,
// three seeds (long: twenty) with all kinds of faults, and an outage of each store. A run that only waits for its last
// deliveries overlaps with the next one. Exits with 1 on a loss. Uses the account or emulator of `Cosmos` if set.
import { parseArgs } from 'node:util'
import { isBroken, lossReport, type LossResults } from './loss-report.ts'
import { runOutage } from '../test/chaos/outage.ts'
import { asDeployed, hurried } from '../test/chaos/profiles.ts'
import type { LossResult } from '../test/chaos/result.ts'
import { runLoss, type Run } from '../test/chaos/run.ts'
import { canFaultCosmos, withBackingServices } from '../test/chaos/backing-services.ts'
import { saveResult } from './results.ts'
import { seedOf } from '../test/support/seed.ts'

const SIZE = { events: 1500, seconds: 90, kills: 10, faultShare: 0.01, hasDownSubscriber: true }
const { values } = parseArgs({ options: { seed: { type: 'string' }, long: { type: 'boolean' } } })
const isLong = values.long === true
const firstSeed = seedOf('--seed', values.seed)
const seeds = Array.from({ length: isLong ? 20 : 3 }, (_, index) => firstSeed + index)
const outages = { seconds: isLong ? 600 : 24, eventsPerSecond: isLong ? 5 : 10 }

console.log(
  `Seeds ${firstSeed} to ${firstSeed + seeds.length - 1}: npm run proof:loss -- --seed ${firstSeed}`,
)
const results: LossResults = {
  at: new Date().toISOString(),
  baseline: await runBaseline(firstSeed),
  ...(await runSeedsAndOutages()),
  canFaultCosmos,
}
saveResult('loss', results)
console.log(`\n${lossReport(results)}\n`)
process.exitCode = isBroken(results) ? 1 : 0

/** Returns the result of a run without faults. */
function runBaseline(seed: number): Promise<LossResult> {
  const size = { events: 300, seconds: 20, kills: 0, faultShare: 0, hasDownSubscriber: false }
  return run({ name: 'baseline', seed, size, profile: asDeployed, isBaseline: true })
}

async function runSeedsAndOutages() {
  const runs: Promise<LossResult>[] = []
  for (const [index, seed] of seeds.entries()) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const profile = isLong || index === 0 ? asDeployed : hurried
    const running = run({
      name: `seed-${seed}`,
      seed,
      size: SIZE,
      profile,
      isBaseline: false,
      onMostlyDelivered: resolve,
    })
    runs.push(running)
    await Promise.race([promise, running])
  }
  return { outages: await runOutages(), runs: await Promise.all(runs) }
}

async function run(given: Run): Promise<LossResult> {
  const onProgress = (line: string) => console.log(`${given.name}, ${line}`)
  const result = await withBackingServices(given.name, (services) =>
    runLoss(services, { ...given, onProgress }),
  )
  console.log(
    `${given.name}: ${result.lost.length} lost, ${result.duplicates} twice, ${result.dead} dead`,
  )
  return result
}

async function runOutages() {
  const outageResults = []
  for (const store of ['cosmos', 'queue'] as const) {
    if (store === 'cosmos' && !canFaultCosmos) continue
    const onProgress = (line: string) => console.log(`${store} down, ${line}`)
    const outage = { store, ...outages, profile: isLong ? asDeployed : hurried, onProgress }
    outageResults.push(
      await withBackingServices(`outage-${store}`, (services) => runOutage(services, outage)),
    )
  }
  return outageResults
}
