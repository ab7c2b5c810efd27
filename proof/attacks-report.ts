/** What came of an attack. */
export interface Tried {
  on: string
  what: string
  expected: string
  got: string
}

/** What came of a property: the smallest input that breaks it, if any was found. */
export interface Checked {
  name: string
  inputs: number
  seconds: number
  failure?: string | undefined
}

/** All that a run of `proof:attacks` has found. */
export interface Attacked {
  at: string
  seed: number
  attacks: Tried[]
  properties: Checked[]
  /** Errors that nobody handled, here or in an app. */
  unhandled: string[]
  audit: string
}

export const isFailed = ({ expected, got }: Tried): boolean => expected !== got

/** In Markdown: the attacks by what they are on, those whose outcome is no status in full, the properties, and the rest. */
export function attacksReport({ seed, attacks, properties, unhandled, audit }: Attacked): string {
  const groups = Map.groupBy(attacks, ({ on }) => on)
  const told = attacks.filter(({ on }) => ['webhook', 'name', 'inside'].includes(on))
  return [
    '| Attacks on | Tried | As expected | Expected |',
    '| --- | ---: | ---: | --- |',
    ...[...groups].map(([on, list]) => groupRow(on, list)),
    groupRow('**all**', attacks),
    '',
    '| A subscriber or its name | What came of it |',
    '| --- | --- |',
    ...told.map((tried) => `| ${cell(tried.what)} | ${cell(outcomeOf(tried))} |`),
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

const outcomeOf = (tried: Tried): string =>
  isFailed(tried) ? `**${tried.got}**, expected ${tried.expected}` : tried.got

function groupRow(on: string, list: Tried[]): string {
  const good = list.filter((each) => !isFailed(each)).length
  const counts = Map.groupBy(list, ({ expected }) => expected)
  const statuses = [...counts]
    .filter(([expected]) => /^\d{3}$/.test(expected))
    .map(([expected, same]) => `${expected} × ${same.length}`)
  return `| ${on} | ${list.length} | ${good} | ${statuses.join(', ')} |`
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')
