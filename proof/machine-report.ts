import type { Result as MutationResult } from '../test/mutation/result.ts'

export type { MutationResult }

/** The totals of `proof:simulation`. */
export interface SimulationResult {
  at: string
  firstSeed: number
  seeds: number
  failed: number
  seconds: number
  steps: number
  days: number
  accepted: number
  requests: number
}

/** Returns the report in Markdown: the totals of the simulation, and the mutants that survived, with the reason. */
export function machineReport(simulation: SimulationResult, mutants: MutationResult): string {
  const { firstSeed, seeds, failed, seconds, steps, days, accepted, requests } = simulation
  const thousands = (count: number) => Math.round(count).toLocaleString('en')
  return [
    '| Seeds | Broken invariants | Simulated | Events | Webhooks | Steps | Seeds a second |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    `| ${firstSeed} to ${firstSeed + seeds - 1} | ${failed} | ${thousands(days)} days | ${thousands(accepted)} | ${thousands(requests)} | ${thousands(steps)} | ${(seeds / seconds).toFixed(1)} |`,
    '',
    'Invariants: every accepted event reaches every subscriber it was for, or ends by what the subscriber, its owner or the whole ladder says; whatever waits has one waker in the documents; no endpoint that is well stays paused; the work for a delivery is bounded; nobody waits for another; without faults nothing is sent twice.',
    '',
    `Of ${mutants.mutants} changes planted one at a time, ${mutants.killed} were noticed: ${share(mutants)} % (${Object.entries(
      mutants.killedBy,
    )
      .map(([check, count]) => `${check} ${count}`)
      .join(', ')}).`,
    ...(mutants.explained.length + mutants.unexplained.length === 0
      ? []
      : ['', '| Not noticed | Why |', '| --- | --- |']),
    ...mutants.explained.map(({ mutant, why }) => `| \`${cell(mutant)}\` | ${cell(why)} |`),
    ...mutants.unexplained.map(
      ({ mutant, line }) => `| \`${cell(mutant)}\`, line ${line} | **not explained** |`,
    ),
  ].join('\n')
}

const share = ({ killed, mutants }: MutationResult): string =>
  ((100 * killed) / Math.max(1, mutants)).toFixed(1)

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
