// `npm run proof:attacks [-- --seed N] [--long]`: runs every attack, then the properties over generated inputs (50,000,
// long 1,000,000; a tenth of them over HTTP), then the audit. Exits with 1 on any unexpected outcome. Uses the account
// or emulator of `Cosmos` if set.
import { parseArgs } from 'node:util'
import { globalSetup, globalTeardown } from '../test/support/setup.ts'
import {
  attacksReport,
  isFailed,
  type AttackResults,
  type PropertyResult,
} from './attacks-report.ts'
import { attackSuites } from '../test/attacks/fixtures.ts'
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
const HTTP_INPUTS = 5000 // with one pair of apps: an emulator slows down with more documents
const { values } = parseArgs({ options: { seed: { type: 'string' }, long: { type: 'boolean' } } })
const seed = seedOf('--seed', values.seed)
const times = values.long === true ? 20 : 1
const found: AttackResults = {
  at: new Date().toISOString(),
  seed,
  attacks: [],
  properties: [],
  unhandled: [],
  audit: '',
}
process.on('unhandledRejection', (reason) => found.unhandled.push(String(reason)))

await globalSetup()
const deleteOwn = useConfiguredAccount()
try {
  console.log(`       ${rowOf(['on', 'attack', 'expected', 'got']).join('  ')}`)
  for (const start of attackSuites) await attackAll(start)
  console.log(`\nProperties, by seed ${seed}`)
  await checkAll(pureProperties, MODULE_INPUTS * times, seed)
  for (let round = 0; round < times; round++) await checkApps(seed + round)
} finally {
  await deleteOwn()
  await globalTeardown()
}
found.audit = await audit()
saveResult('attacks', found)
summarize()

async function attackAll(start: (typeof attackSuites)[number]): Promise<void> {
  const { attacks, apps, stop } = await start()
  for (const { target, name, expected, run } of attacks) {
    const result = { target, name, expected, actual: await run() }
    found.attacks.push(result)
    console.log(line(isFailed(result), rowOf([target, name, expected, result.actual])))
  }
  for (const app of apps) recordDeath(attacks[0]?.target ?? '', app)
  await stop()
}

async function checkAll(properties: Property[], inputs: number, by: number): Promise<void> {
  for (const [{ name, failure }, part] of inputShares(properties, inputs)) {
    const start = performance.now()
    const broken = await failure(part, by)
    const seconds = (performance.now() - start) / 1000
    add({ name, inputs: part, seconds, failure: broken })
    console.log(
      line(broken !== undefined, [
        String(part).padStart(7),
        name,
        `${seconds.toFixed(1)} s`,
        broken ?? '',
      ]),
    )
  }
}

/** Adds the rounds of a property up to one row. */
function add(checked: PropertyResult): void {
  const known = found.properties.find(({ name }) => name === checked.name)
  if (known === undefined) found.properties.push(checked)
  else {
    known.inputs += checked.inputs
    known.seconds += checked.seconds
    known.failure ??= checked.failure
  }
}

async function checkApps(by: number): Promise<void> {
  const [http, whole] = [await startHttpProperties(), await startQueueProperties()]
  await checkAll([...http.properties, ...whole.properties], HTTP_INPUTS, by)
  recordDeath('properties over HTTP', http.app)
  recordDeath('properties of queues', whole.app)
  await Promise.all([http.app.stop(), whole.app.stop(), whole.receiver.stop()])
}

/** Records the death of an app, by an unhandled error. */
function recordDeath(target: string, app: { died: () => boolean; lines: string[] }): void {
  if (app.died())
    found.unhandled.push(`the app of ${target} died: ${app.lines.slice(-10).join(' ')}`)
}

/** Truncates and pads cells to columns. */
function rowOf(cells: string[]): string[] {
  return cells.map((text, index) => text.slice(0, WIDTHS[index]).padEnd(WIDTHS[index] ?? 0))
}

function line(failed: boolean, parts: string[]): string {
  return `${failed ? 'FAILED' : 'ok    '} ${parts.join('  ').trimEnd()}`
}

function summarize(): void {
  const broken = found.properties.filter(({ failure }) => failure !== undefined)
  const failed = found.attacks.filter(isFailed)
  const inputs = found.properties.reduce((sum, property) => sum + property.inputs, 0)
  console.log(`\n${attacksReport(found)}\n`)
  console.log(`${found.attacks.length} attacks, ${failed.length} not as expected`)
  console.log(`${inputs} inputs, ${broken.length} of ${found.properties.length} properties broken`)
  for (const text of found.unhandled) console.log(`UNHANDLED ${text}`)
  for (const { target, name, expected, actual } of failed)
    console.log(`FAILED ${target}: ${name}: expected ${expected}, got ${actual}`)
  for (const { name, failure } of broken) console.log(`BROKEN ${name}: ${failure}`)
  const isClean = found.audit === 'clean' || found.audit.startsWith('not checked')
  if (failed.length + broken.length + found.unhandled.length > 0 || !isClean) process.exit(1)
  process.exit(0) // pools that are idle
}
