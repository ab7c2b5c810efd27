import { operations } from '../../local/emulators/request-charge.ts'
import { table } from '../support/markdown.ts'
import { figure } from './figure.ts'
import { ceilingsOf } from './limits.ts'
import { logGigabytes, priceOf } from './price.ts'
import type { EventUsage } from './usage.ts'

/** The cost of one run of all timers, in request units. */
export interface TimerUsage {
  timers: number
}

/** Returns the measured part of docs/capacity.md, in Markdown. */
export function measuredPart(
  usages: EventUsage[],
  kinds: EventUsage[],
  large: EventUsage[],
  idle: TimerUsage,
): string {
  return [
    '### Cost of an event',
    costTable('Subscribers', usages),
    `A run of all timers that finds nothing to do costs ${idle.timers.toFixed(1)} RU, ${((idle.timers * 2 * 60 * 24 * 30) / 1e6).toFixed(1)} million RU in a month.`,
    '### Events a second that each part can handle',
    ceilingTable(usages),
    bottlenecks(usages),
    '### Generic events, with one subscriber',
    costTable('Event', kinds, ['an app’s', 'generic']),
    '### Large events, with one subscriber',
    largeTable(large),
    '### Price of a million events, in USD',
    priceTable(usages),
    logSentence(usages),
  ].join('\n\n')
}

function costTable(
  what: string,
  usages: EventUsage[],
  names = usages.map(({ subscribers }) => String(subscribers)),
): string {
  const rows = [...new Set(usages.flatMap(({ containers }) => [...containers.keys()]))].toSorted()
  const used = (container: string) => (usage: EventUsage) => {
    const tally = usage.containers.get(container)
    if (tally === undefined || tally.charge < 0.05) return '–'
    const counts = operations.flatMap((name) => {
      const count = tally.operations[name]
      return count < 0.05 ? [] : [`${figure(count)} ${name}`]
    })
    const units = `${tally.charge.toFixed(1)} RU`
    return counts.length === 0 ? units : `${counts.join(', ')}: ${units}`
  }
  return table([
    [what, ...names],
    ...rows.map((name) => [`\`${name}\``, ...usages.map(used(name))]),
    ['**Request units**', ...usages.map(({ charge }) => `**${charge.toFixed(1)}**`)],
    ['Messages', ...usages.map(({ messages }) => figure(messages))],
    ['Webhooks', ...usages.map(({ subscribers }) => String(subscribers))],
  ])
}

function ceilingTable(usages: EventUsage[]): string {
  const rows = ceilingsOf(usages).map(({ part, remedy, perSecond }) => [
    part,
    ...perSecond.map(figure),
    remedy,
  ])
  return table([
    ['Subscribers', ...usages.map(({ subscribers }) => String(subscribers)), 'How to raise it'],
    ...rows,
  ])
}

/** Returns the part with the lowest limit in each capacity mode, without the parts of other modes. */
function bottlenecks(usages: EventUsage[]): string {
  const ceilings = ceilingsOf(usages)
  const modes = ceilings.filter(({ part }) => part.startsWith('Cosmos DB'))
  const lines = modes.map((mode) => {
    const relevant = ceilings.filter((each) => each === mode || !modes.includes(each))
    const first = usages.map(({ subscribers }, index) => {
      const [least] = relevant.toSorted(
        (one, other) => (one.perSecond[index] ?? 0) - (other.perSecond[index] ?? 0),
      )
      return `${subscribers}: ${figure(least?.perSecond[index] ?? 0)}${least === mode ? '' : ` (${least?.part})`}`
    })
    return `- **${mode.part}**: ${first.join('; ')}`
  })
  return [
    'The bottleneck, as `subscribers: events a second`, is the database unless another part is named:',
    '',
    ...lines,
  ].join('\n')
}

function largeTable(large: EventUsage[]): string {
  const units = (container: string) => (usage: EventUsage) =>
    (usage.containers.get(container)?.charge ?? 0).toFixed(0)
  const [smallest] = large
  return table([
    ['`data`', ...large.map(({ bytes }) => (bytes === 0 ? 'none' : `${bytes / 1000} kB`))],
    ['RU in `events`', ...large.map(units('events'))],
    ['RU in all', ...large.map(({ charge }) => charge.toFixed(0))],
    [
      'times a small one',
      ...large.map(({ charge }) => (charge / (smallest?.charge ?? NaN)).toFixed(1)),
    ],
    ['events a second, serverless', ...(ceilingsOf(large)[0]?.perSecond.map(figure) ?? [])],
  ])
}

function priceTable(usages: EventUsage[]): string {
  const prices = usages.map(priceOf)
  const row = (name: string, of: (price: (typeof prices)[number]) => number) => [
    name,
    ...prices.map((price) => of(price).toFixed(0)),
  ]
  return table([
    ['Subscribers', ...prices.map(({ subscribers }) => String(subscribers))],
    row('Cosmos DB, serverless', ({ units }) => units),
    row('requests to queues', ({ requests }) => requests),
    row('runs of functions', ({ executions }) => executions),
    row('instances, busy', ({ busy }) => busy),
    row('instances, each run alone', ({ single }) => single),
    row('logs', ({ logs }) => logs),
    row(
      '**in all, busy**',
      ({ units, requests, executions, busy, logs }) => units + requests + executions + busy + logs,
    ),
  ])
}

function logSentence(usages: EventUsage[]): string {
  const days = usages.map(
    (usage) => `${usage.subscribers}: ${figure(1 / logGigabytes(usage) / 86_400)}`,
  )
  return `The daily cap of the log is a limit too. A gigabyte a day is reached at these rates, as \`subscribers: events a second\` for a whole day: ${days.join('; ')}. Above it, alerts stop; the service does not.`
}
