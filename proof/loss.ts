// `npm run proof:loss [-- --seed N] [--long]`: nothing that got a 201 is lost. A run in which nothing goes wrong, three by
// seeds (long: twenty) in which everything does, and an outage of each store. A run that only waits for the last
// deliveries has the next beside it. Exit 1 if anything was lost. With `Cosmos` set, against that account or emulator.
import { parseArgs } from 'node:util'
import { isBroken, lossReport, type Lost } from './loss-report.ts'
import { runOutage } from '../test/chaos/outage.ts'
import { asDeployed, hurried } from '../test/chaos/profiles.ts'
import type { LossRow } from '../test/chaos/result.ts'
import { runLoss, type Run } from '../test/chaos/run.ts'
import { cosmosHasFaults, onStage } from '../test/chaos/backing-services.ts'
import { saveResult } from './results.ts'
import { seedOf } from '../test/support/seed.ts'

const SIZE = { events: 1500, seconds: 90, kills: 10, faultShare: 0.01, isDown: true }
const { values } = parseArgs({ options: { seed: { type: 'string' }, long: { type: 'boolean' } } })
const isLong = values.long === true
const first = seedOf('--seed', values.seed)
const seeds = Array.from({ length: isLong ? 20 : 3 }, (_, index) => first + index)
const outages = { seconds: isLong ? 600 : 24, eventsPerSecond: isLong ? 5 : 10 }

console.log(`Seeds ${first} to ${first + seeds.length - 1}: npm run proof:loss -- --seed ${first}`)
const found: Lost = {
  at: new Date().toISOString(),
  well: await runAlone(first),
  ...(await runAll()),
  cosmosHasFaults,
}
saveResult('loss', found)
console.log(`\n${lossReport(found)}\n`)
process.exitCode = isBroken(found) ? 1 : 0

/** Nothing goes wrong. */
function runAlone(seed: number): Promise<LossRow> {
  const size = { events: 300, seconds: 20, kills: 0, faultShare: 0, isDown: false }
  return run({ name: 'well', seed, size, profile: asDeployed, isWell: true })
}

async function runAll() {
  const runs: Promise<LossRow>[] = []
  for (const [index, seed] of seeds.entries()) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const profile = isLong || index === 0 ? asDeployed : hurried
    const running = run({
      name: `seed-${seed}`,
      seed,
      size: SIZE,
      profile,
      isWell: false,
      onMostDone: resolve,
    })
    runs.push(running)
    await Promise.race([promise, running])
  }
  return { outages: await runOutages(), runs: await Promise.all(runs) }
}

async function run(given: Run): Promise<LossRow> {
  const onProgress = (line: string) => console.log(`${given.name}, ${line}`)
  const row = await onStage(given.name, (stage) => runLoss(stage, { ...given, onProgress }))
  console.log(`${given.name}: ${row.lost.length} lost, ${row.duplicates} twice, ${row.dead} dead`)
  return row
}

async function runOutages() {
  const rows = []
  for (const store of ['cosmos', 'queue'] as const) {
    if (store === 'cosmos' && !cosmosHasFaults) continue
    const onProgress = (line: string) => console.log(`${store} down, ${line}`)
    const outage = { store, ...outages, profile: isLong ? asDeployed : hurried, onProgress }
    rows.push(await onStage(`outage-${store}`, (stage) => runOutage(stage, outage)))
  }
  return rows
}
