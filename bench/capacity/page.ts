import { operations } from '../../local/emulators/request-charge.ts'
import { ceilingsOf } from './limits.ts'
import { logGigabytes, priceOf } from './price.ts'
import type { EventUsage } from './usage.ts'

/** The cost of one run of all timers, in request units. */
export interface TimerUsage {
  timers: number
}

/** Returns the measured part of docs/capacity.md, in Markdown. */
export function measuredPart(usages: EventUsage[], large: EventUsage[], idle: TimerUsage): string {
  return [
    '### What an event costs',
    costTable(usages),
    `A run of all timers that finds nothing to do costs ${idle.timers.toFixed(1)} RU, ${((idle.timers * 2 * 60 * 24 * 30) / 1e6).toFixed(1)} million RU in a month.`,
    '### What each part takes, in events a second',
    ceilingTable(usages),
    firstToBreak(usages),
    '### Large events, with one subscriber',
    largeTable(large),
    '### What a million events cost, in USD',
    priceTable(usages),
    logSentence(usages),
  ].join('\n\n')
}

function costTable(usages: EventUsage[]): string {
  const names = [...new Set(usages.flatMap(({ containers }) => [...containers.keys()]))].toSorted()
  const used = (container: string) => (usage: EventUsage) => {
    const tally = usage.containers.get(container)
    if (tally === undefined || tally.charge < 0.05) return '–'
    const counts = operations.flatMap((name) => {
      const count = tally.operations[name]
      return count < 0.05 ? [] : [`${figure(count)} ${name}`]
    })
    return `${counts.join(', ')}: ${tally.charge.toFixed(1)} RU`
  }
  return table([
    ['Subscribers', ...usages.map(({ subscribers }) => String(subscribers))],
    ...names.map((name) => [`\`${name}\``, ...usages.map(used(name))]),
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
    ['Subscribers', ...usages.map(({ subscribers }) => String(subscribers)), 'What moves it'],
    ...rows,
  ])
}

/** Returns which part saturates first in each capacity mode, ignoring the parts of other modes. */
function firstToBreak(usages: EventUsage[]): string {
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
    'What breaks first, as `subscribers: events a second`, is the database unless another part is named:',
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
  return `The log's cap, too, is a limit: a gigabyte a day is full at, as \`subscribers: events a second\` all day long, ${days.join('; ')}. What breaks then is the alerts, not the service.`
}

function table([head = [], ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [
    line(head),
    line(head.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ].join('\n')
}

/** Formats a number with at most three digits; a dash means no limit. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  const rounded = Number(value.toPrecision(value < 1000 ? 2 : 3))
  return rounded.toLocaleString('en', { maximumFractionDigits: 1 })
}
