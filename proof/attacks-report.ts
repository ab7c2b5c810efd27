/** The result of an attack. */
export interface AttackResult {
  target: string
  name: string
  expected: string
  actual: string
}

/** The result of a property: `failure` is the smallest input that breaks it. */
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
  /** Unhandled errors, here or in an app. */
  unhandled: string[]
  audit: string
}

export const isFailed = ({ expected, actual }: AttackResult): boolean => expected !== actual

/**
 * Returns the report in Markdown: the attacks by target, those with an outcome other than a status in full, the
 * properties, and the rest.
 */
export function attacksReport({
  seed,
  attacks,
  properties,
  unhandled,
  audit,
}: AttackResults): string {
  const groups = Map.groupBy(attacks, ({ target }) => target)
  const listed = attacks.filter(({ target }) => ['webhook', 'name', 'inside'].includes(target))
  return [
    '| Attacks on | Tried | As expected | Expected |',
    '| --- | ---: | ---: | --- |',
    ...[...groups].map(([target, list]) => groupRow(target, list)),
    groupRow('**all**', attacks),
    '',
    '| A subscriber or its name | What came of it |',
    '| --- | --- |',
    ...listed.map((tried) => `| ${cell(tried.name)} | ${cell(outcomeOf(tried))} |`),
    '',
    `| Property, seed ${seed} | Inputs | Seconds | |`,
    '| --- | ---: | ---: | --- |',
    ...properties.map(
      ({ name, inputs, seconds, failure }) =>
        `| ${cell(name)} | ${inputs} | ${seconds.toFixed(1)} | ${failure === undefined ? 'holds' : '**broken**'} |`,
    ),
    '',
    `Errors that nobody handled: ${unhandled.length}. \`npm audit --omit=dev\`: ${audit}.`,
  ].join('\n')
}

const outcomeOf = (tried: AttackResult): string =>
  isFailed(tried) ? `**${tried.actual}**, expected ${tried.expected}` : tried.actual

function groupRow(target: string, list: AttackResult[]): string {
  const good = list.filter((each) => !isFailed(each)).length
  const counts = Map.groupBy(list, ({ expected }) => expected)
  const statuses = [...counts]
    .filter(([expected]) => /^\d{3}$/.test(expected))
    .map(([expected, same]) => `${expected} × ${same.length}`)
  return `| ${target} | ${list.length} | ${good} | ${statuses.join(', ')} |`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
