import type { Mutant } from './mutants.ts'

/** What came of a mutant; `killedBy` is the check that failed, undefined where none did. */
export interface Outcome {
  mutant: Mutant
  killedBy: string | undefined
  how: string
}

/** A mutant that no test can kill, or none needs to, and why: an entry of equivalent.json. */
export interface Known {
  mutant: string
  why: string
}

export interface Result {
  mutants: number
  killed: number
  killedBy: Record<string, number>
  /** Survivors that equivalent.json explains. */
  explained: Known[]
  unexplained: { mutant: string; line: number }[]
  /** Entries of equivalent.json that are not true any more: of a mutant that was killed, or that is not there. */
  wrong: string[]
}

/** Adds up what came of the mutants; `isWhole`: every one was tried, so that what is known must be among them. */
export function resultOf(outcomes: Outcome[], known: Known[], isWhole: boolean): Result {
  const killedBy: Record<string, number> = {}
  for (const { killedBy: check } of outcomes)
    if (check !== undefined) killedBy[check] = (killedBy[check] ?? 0) + 1
  const killed = new Set(outcomes.filter((each) => each.killedBy !== undefined).map(nameOf))
  const survivors = outcomes.filter((each) => each.killedBy === undefined)
  const survived = new Set(survivors.map(nameOf))
  const reasons = new Set(known.map(({ mutant }) => mutant))
  return {
    mutants: outcomes.length,
    killed: killed.size,
    killedBy,
    explained: known.filter(({ mutant }) => survived.has(mutant)),
    unexplained: survivors
      .filter((each) => !reasons.has(nameOf(each)))
      .map(({ mutant: { name, line } }) => ({ mutant: name, line })),
    wrong: [...reasons].filter((name) => killed.has(name) || (isWhole && !survived.has(name))),
  }
}

const nameOf = ({ mutant }: Outcome): string => mutant.name

/** The result for people. */
export function summary({
  mutants,
  killed,
  killedBy,
  explained,
  unexplained,
  wrong,
}: Result): string {
  const share = ((100 * killed) / mutants).toFixed(1)
  const equivalents = explained.length
  const meant = ((100 * killed) / Math.max(1, mutants - equivalents)).toFixed(1)
  return [
    `\n${mutants} mutants, ${killed} killed: ${share} %; ${meant} % of those that make a difference`,
    ...Object.entries(killedBy).map(([check, count]) => `  by ${check}: ${count}`),
    ...explained.map(({ mutant, why }) => `explained: ${mutant}\n    ${why}`),
    ...wrong.map((mutant) => `not true any more: ${mutant}`),
    ...unexplained.map(({ mutant, line }) => `SURVIVED: ${mutant} (line ${line})`),
  ].join('\n')
}
