import { tableCell } from '../bench/support/markdown.ts'
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
    '| Seeds | Seeds with violations | Simulated | Events | Webhooks | Steps | Seeds a second |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    `| ${firstSeed} to ${firstSeed + seeds - 1} | ${failed} | ${thousands(days)} days | ${thousands(accepted)} | ${thousands(requests)} | ${thousands(steps)} | ${(seeds / seconds).toFixed(1)} |`,
    '',
    'Invariants: every accepted event reaches every matching subscriber, or its delivery ends for a valid reason: the subscriber, its owner or the end of the retry schedule. All that waits has one due time in the documents. The circuit of a healthy endpoint closes. The work per delivery is bounded. No subscriber delays another. Without faults, no event is sent twice.',
    '',
    `Of ${mutants.mutants} mutants, ${mutants.killed} were killed: ${share(mutants)} % (${Object.entries(
      mutants.killedBy,
    )
      .map(([check, count]) => `${check} ${count}`)
      .join(', ')}).`,
    ...(mutants.explained.length + mutants.unexplained.length === 0
      ? []
      : ['', '| Survived | Why |', '| --- | --- |']),
    ...mutants.explained.map(
      ({ mutant, why }) => `| \`${tableCell(mutant)}\` | ${tableCell(why)} |`,
    ),
    ...mutants.unexplained.map(
      ({ mutant, line }) => `| \`${tableCell(mutant)}\`, line ${line} | **not explained** |`,
    ),
  ].join('\n')
}

const share = ({ killed, mutants }: MutationResult): string =>
  ((100 * killed) / Math.max(1, mutants)).toFixed(1)
