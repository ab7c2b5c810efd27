// `npm run proof:attacks [-- --seed N] [--long]`: runs every attack, then the properties over generated inputs (50,000,
// long: 1,000,000; a tenth of them over HTTP), then the audit. Exits with 1 on an unexpected outcome. Uses the account
// or emulator of `Cosmos` if set.
import { parseArgs } from 'node:util'
import { globalSetup, globalTeardown } from '../test/support/setup.ts'
import {
  attacksReport,
  isFailed,
  type AttackResults,
  type PropertyResult,
} from './attacks-report.ts'
import { attackSuites } from '../test/attacks/attack-suites.ts'
import { audit } from './audit.ts'
import { useConfiguredAccount } from '../test/support/cosmos-account.ts'
import { startHttpProperties } from '../test/properties/http.ts'
import { inputShares } from '../test/properties/input-shares.ts'
import type { Property } from '../test/properties/property.ts'
import { pureProperties } from '../test/properties/pure.ts'
import { startQueueProperties } from '../test/properties/queues.ts'
import { saveResult } from './results.ts'
import { seedOf } from '../test/support/seed.ts'

const MODULE_INPUTS = 45_000
const WIDTHS = [14, 72, 38, 38]
const HTTP_INPUTS = 5000 // per pair of apps: an emulator slows down with more documents
const { values } = parseArgs({ options: { seed: { type: 'string' }, long: { type: 'boolean' } } })
const seed = seedOf('--seed', values.seed)
const rounds = values.long === true ? 20 : 1
const results: AttackResults = {
  at: new Date().toISOString(),
  seed,
  attacks: [],
  properties: [],
  unhandled: [],
  audit: '',
}
process.on('unhandledRejection', (reason) => results.unhandled.push(String(reason)))

await globalSetup()
const deleteOwn = useConfiguredAccount()
try {
  console.log(`       ${padCells(['on', 'attack', 'expected', 'got']).join('  ')}`)
  for (const start of attackSuites) await runSuite(start)
  console.log(`\nProperties, by seed ${seed}`)
  await checkProperties(pureProperties, MODULE_INPUTS * rounds, seed)
  for (let round = 0; round < rounds; round++) await checkAppProperties(seed + round)
} finally {
  await deleteOwn()
  await globalTeardown()
}
results.audit = await audit()
saveResult('attacks', results)
summarize()

async function runSuite(start: (typeof attackSuites)[number]): Promise<void> {
  const { attacks, apps, stop } = await start()
  for (const { target, name, expected, run } of attacks) {
    const result = { target, name, expected, actual: await run() }
    results.attacks.push(result)
    console.log(resultLine(isFailed(result), padCells([target, name, expected, result.actual])))
  }
  for (const app of apps) recordDeath(attacks[0]?.target ?? '', app)
  await stop()
}

async function checkProperties(
  properties: Property[],
  inputs: number,
  firstSeed: number,
): Promise<void> {
  for (const [{ name, failure }, count] of inputShares(properties, inputs)) {
    const start = performance.now()
    const broken = await failure(count, firstSeed)
    const seconds = (performance.now() - start) / 1000
    addProperty({ name, inputs: count, seconds, failure: broken })
    console.log(
      resultLine(broken !== undefined, [
        String(count).padStart(7),
        name,
        `${seconds.toFixed(1)} s`,
        broken ?? '',
      ]),
    )
  }
}

/** Adds a result, or merges it with the earlier rounds of its property. */
function addProperty(checked: PropertyResult): void {
  const known = results.properties.find(({ name }) => name === checked.name)
  if (known === undefined) results.properties.push(checked)
  else {
    known.inputs += checked.inputs
    known.seconds += checked.seconds
    known.failure ??= checked.failure
  }
}

async function checkAppProperties(firstSeed: number): Promise<void> {
  const [http, queues] = [await startHttpProperties(), await startQueueProperties()]
  await checkProperties([...http.properties, ...queues.properties], HTTP_INPUTS, firstSeed)
  recordDeath('properties over HTTP', http.app)
  recordDeath('properties of queues', queues.app)
  await Promise.all([http.app.stop(), queues.app.stop(), queues.receiver.stop()])
}

/** Records that an app died by an unhandled error. */
function recordDeath(target: string, app: { died: () => boolean; lines: string[] }): void {
  if (app.died())
    results.unhandled.push(`the app of ${target} died: ${app.lines.slice(-10).join(' ')}`)
}

/** Truncates and pads cells to columns. */
function padCells(cells: string[]): string[] {
  return cells.map((text, index) => text.slice(0, WIDTHS[index]).padEnd(WIDTHS[index] ?? 0))
}

function resultLine(failed: boolean, parts: string[]): string {
  return `${failed ? 'FAILED' : 'ok    '} ${parts.join('  ').trimEnd()}`
}

function summarize(): void {
  const broken = results.properties.filter(({ failure }) => failure !== undefined)
  const failed = results.attacks.filter(isFailed)
  const inputs = results.properties.reduce((sum, property) => sum + property.inputs, 0)
  console.log(`\n${attacksReport(results)}\n`)
  console.log(`${results.attacks.length} attacks, ${failed.length} not as expected`)
  console.log(
    `${inputs} inputs, ${broken.length} of ${results.properties.length} properties broken`,
  )
  for (const text of results.unhandled) console.log(`UNHANDLED ${text}`)
  for (const { target, name, expected, actual } of failed)
    console.log(`FAILED ${target}: ${name}: expected ${expected}, got ${actual}`)
  for (const { name, failure } of broken) console.log(`BROKEN ${name}: ${failure}`)
  const isClean = results.audit === 'clean' || results.audit.startsWith('not checked')
  if (failed.length + broken.length + results.unhandled.length > 0 || !isClean) process.exit(1)
  process.exit(0) // idle connections would keep the process alive
}
