import { tableCell } from '../bench/support/markdown.ts'

/** The result of an attack. */
export interface AttackResult {
  target: string
  name: string
  expected: string
  actual: string
}

/** The result of a property. `failure` describes the smallest input that breaks it. */
export interface PropertyResult {
  name: string
  inputs: number
  seconds: number
  failure?: string | undefined
}

/** The results of `proof:attacks`. */
export interface AttackResults {
  at: string
  seed: number
  attacks: AttackResult[]
  properties: PropertyResult[]
  /** The unhandled errors of this process and of the apps. */
  unhandled: string[]
  audit: string
}

export const isFailed = ({ expected, actual }: AttackResult): boolean => expected !== actual

/**
 * Returns the report in Markdown: the attacks by target, each attack by a subscriber, the properties, the unhandled
 * errors and the audit.
 */
export function attacksReport({
  seed,
  attacks,
  properties,
  unhandled,
  audit,
}: AttackResults): string {
  const groups = Map.groupBy(attacks, ({ target }) => target)
  const bySubscribers = attacks.filter(({ target }) =>
    ['webhook', 'name', 'inside'].includes(target),
  )
  return [
    '| Target | Attacks | As expected | Expected statuses |',
    '| --- | ---: | ---: | --- |',
    ...[...groups].map(([target, results]) => groupRow(target, results)),
    groupRow('**all**', attacks),
    '',
    '| A subscriber or its host name | Outcome |',
    '| --- | --- |',
    ...bySubscribers.map(
      (result) => `| ${tableCell(result.name)} | ${tableCell(outcomeOf(result))} |`,
    ),
    '',
    `| Property, seed ${seed} | Inputs | Seconds | |`,
    '| --- | ---: | ---: | --- |',
    ...properties.map(
      ({ name, inputs, seconds, failure }) =>
        `| ${tableCell(name)} | ${inputs} | ${seconds.toFixed(1)} | ${failure === undefined ? 'holds' : '**broken**'} |`,
    ),
    '',
    `Unhandled errors: ${unhandled.length}. \`npm audit --omit=dev\`: ${audit}.`,
  ].join('\n')
}

const outcomeOf = (result: AttackResult): string =>
  isFailed(result) ? `**${result.actual}**, expected ${result.expected}` : result.actual

function groupRow(target: string, results: AttackResult[]): string {
  const expectedCount = results.filter((each) => !isFailed(each)).length
  const counts = Map.groupBy(results, ({ expected }) => expected)
  const statuses = [...counts]
    .filter(([expected]) => /^\d{3}$/.test(expected))
    .map(([expected, same]) => `${expected} × ${same.length}`)
  return `| ${target} | ${results.length} | ${expectedCount} | ${statuses.join(', ')} |`
}
