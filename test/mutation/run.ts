import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { checksWith, runCheck, stopChecks, type Ended } from './checks.ts'
import { copyTree, type Copy } from './copy.ts'
import { mutantsOf, withMutant, type Mutant } from './mutants.ts'
import { resultOf, summary, type Known, type Outcome } from './result.ts'
import { targets } from './targets.ts'

/**
 * Plants one change at a time in the delivery machine and runs what covers it, up to the first check that fails. Prints
 * who survived, and the share that was killed. Works in copies of the tree. Exits with 1 where a mutant survived that
 * equivalent.json does not explain, or where that file explains one that is not there any more or was killed.
 *
 *   --only FILE    only the files whose path has this in it; may be given more than once
 *   --limit N      only so many mutants, spread evenly
 *   --seeds N      how many seeds are simulated for each (120)
 *   --out FILE     where the result is written, as JSON
 *   --list         prints the mutants and runs nothing
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    limit: { type: 'string', default: '100000' },
    seeds: { type: 'string', default: '120' },
    out: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
})
const CONCURRENCY = 2
const LIMIT_SECONDS = 20 + Math.ceil(Number(values.seeds) / 4) // of the processor's time: a few times as long as without a mutant

const files = targets.filter((file) => values.only.some((part) => file.includes(part)))
const sources = new Map(
  await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)),
)
const all = files.flatMap((file) => mutantsOf(file, sources.get(file) ?? ''))
const chosen = spread(all, Number(values.limit))
const known: Known[] = JSON.parse(await readFile(`${import.meta.dirname}/equivalent.json`, 'utf8'))
const checks = checksWith(Number(values.seeds))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    stopChecks()
    process.exit(1)
  })
if (values.list) console.log(chosen.map(({ name }) => name).join('\n'))
else await runAll()

/** So many of a list, evenly spread over it, always the same. */
function spread<T>(items: T[], max: number): T[] {
  const step = Math.max(1, items.length / max)
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
}

async function runAll(): Promise<void> {
  const copies = await Promise.all(Array.from({ length: CONCURRENCY }, copyTree))
  try {
    await requireChecksHold(copies)
    const outcomes: Outcome[] = []
    const waiting = chosen.values()
    const worker = async (copy: Copy) => {
      for (const mutant of waiting) {
        const outcome = await tryOut(copy, mutant)
        outcomes.push(outcome)
        tell(outcome, outcomes.length)
      }
    }
    await Promise.all(copies.map(worker))
    const isWhole = chosen.length === all.length && files.length === targets.length
    const result = resultOf(outcomes, known, isWhole)
    console.log(summary(result))
    if (values.out !== undefined)
      await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`)
    process.exitCode = result.unexplained.length + result.wrong.length > 0 ? 1 : 0
  } finally {
    await Promise.all(copies.map(({ remove }) => remove()))
  }
}

/** Throws where a check does not hold though nothing is planted. */
async function requireChecksHold([copy]: Copy[]): Promise<void> {
  for (const check of checks) {
    const args = check.argsFor(targets[0] ?? '') ?? []
    const { ok, seconds, output } = await runCheck(args, copy?.folder ?? '', LIMIT_SECONDS)
    if (!ok) throw new Error(`${check.name} fail where nothing is planted:\n${output}`)
    console.log(`${check.name}: ${seconds.toFixed(1)} s`)
  }
}

async function tryOut(copy: Copy, mutant: Mutant): Promise<Outcome> {
  const source = sources.get(mutant.file) ?? ''
  await copy.write(mutant.file, withMutant(source, mutant))
  try {
    for (const check of checks) {
      const args = check.argsFor(mutant.file)
      if (args === undefined) continue
      const ended = await runCheck(args, copy.folder, LIMIT_SECONDS)
      if (!ended.ok) return { mutant, killedBy: check.name, how: howOf(ended) }
    }
    return { mutant, killedBy: undefined, how: '' }
  } finally {
    await copy.write(mutant.file, source)
  }
}

/** In one line, why a check has failed. */
function howOf({ isStopped, output }: Ended): string {
  if (isStopped) return 'it did not end'
  const lines = output.split('\n').map((line) => line.trim())
  return lines.find((line) => /^(seed \d+:|✖ |\w*Error:)/.test(line)) ?? lines.at(-2) ?? ''
}

function tell({ mutant, killedBy, how }: Outcome, done: number): void {
  const verdict = killedBy === undefined ? 'SURVIVED' : `killed by ${killedBy}`
  const { name, line } = mutant
  console.log(`${done}/${chosen.length} ${verdict}: ${name} (line ${line})${how && `: ${how}`}`)
}
