import { POLLING_MS } from '../support/app.ts'
import { metOrMissed, sendResult, type Line } from '../support/bench-result.ts'
import { quantile } from '../support/statistics.ts'

export const IDLE_EVENTS = 60
export const EVENTS = 240 // an emulator slows down with what it holds
export const CONNECTIONS = 16
export const POOL = 10 // connections of undici

const AIM_IDLE_MS = 130
const AIM_RU = [19, 28, 45] // an event with 0, 1 and 3 subscribers
const AIM_RATIO = 0.8 // of the bare SDKs
const HEADS = ['subscribers', 'idle p50', 'idle p99', 'accepted/s', 'delivered/s', 'p50', 'p99']
const MORE_HEADS = ['RU/event', 'undici/s', 'ratio', 'bare/s', 'ratio']

/** The result for one number of subscribers: latencies in ms, rates per second, request units per event. */
export interface Result {
  subscribers: number
  idle: number[]
  loaded: number[]
  acceptedPerSecond: number
  deliveredPerSecond: number
  charge: number
  /** Deliveries per second of undici alone, and of undici with the bare SDKs. */
  undici: number
  bare: number
}
/** Prints the table, and whether the aims are met. */
export function printTable(rows: Result[]): void {
  console.log(`
Queues polled every ${POLLING_MS} ms. Idle: ${IDLE_EVENTS} events one after another. Load: ${EVENTS} events over ${CONNECTIONS} connections.
p50 and p99 are ms from accepted to arrived; undici alone posts the same bodies over ${POOL} connections; bare: the same events accepted and delivered by the bare SDKs, one delivery each, in one process.
`)
  console.log(line([...HEADS, ...MORE_HEADS]))
  for (const row of rows) console.log(line(cellsOf(row)))
  const slowest = Math.max(...rows.slice(1).map(({ idle }) => quantile(idle, 0.99)))
  const isDear = rows.some(({ charge }, index) => Number(charge.toFixed(1)) > (AIM_RU[index] ?? 0))
  const least = Math.min(...rows.slice(1).map((row) => row.deliveredPerSecond / row.bare))
  console.log(`
Aim: idle p99 below ${AIM_IDLE_MS} ms: ${metOrMissed(slowest < AIM_IDLE_MS)}
Aim: at most ${AIM_RU.join(', ')} RU per event: ${metOrMissed(!isDear)}
Aim: delivered/s at least ${AIM_RATIO} of the bare SDKs: ${metOrMissed(least >= AIM_RATIO)}`)
}

/** Sends the results to `npm run proof:speed`. */
export function sendResults(rows: Result[]): void {
  const subscribed = rows.filter(({ subscribers }) => subscribers > 0)
  const p99 = subscribed.map(({ idle }) => quantile(idle, 0.99))
  const ratios = (floor: 'undici' | 'bare') =>
    subscribed.map((row) => row.deliveredPerSecond / row[floor])
  sendResult(
    [
      {
        what: 'accepted to arrived, idle, p99',
        unit: 'ms',
        values: p99,
        aim: { atMost: AIM_IDLE_MS },
      },
      ...rows.map(({ subscribers, charge }, index) => ({
        what: `an event with ${subscribers} subscribers`,
        unit: 'RU',
        values: [Number(charge.toFixed(1))],
        aim: { atMost: AIM_RU[index] ?? 0 },
      })),
      {
        what: 'delivered per second',
        unit: '/s',
        values: subscribed.map((row) => row.deliveredPerSecond),
      },
      {
        what: 'delivered per second, app / undici alone',
        unit: '×',
        values: ratios('undici'),
      },
      {
        what: 'the same, app / the bare SDKs with undici',
        unit: '×',
        values: ratios('bare'),
        aim: { atLeast: AIM_RATIO },
      },
    ],
    [...subscribed.map(latencyLine), costLine(rows)],
  )
}

function latencyLine({ subscribers, idle }: Result): Line {
  return {
    chart: 'latency',
    name: `accepted to arrived, idle, subscribers: ${subscribers}`,
    points: [0.5, 0.9, 0.99].map((share) => [`p${share * 100}`, quantile(idle, share)]),
  }
}

function costLine(rows: Result[]): Line {
  return {
    chart: 'cost',
    name: 'request units of Cosmos DB',
    points: rows.map(({ subscribers, charge }) => [String(subscribers), charge]),
  }
}

function cellsOf(row: Result): string[] {
  const { subscribers, idle, loaded, acceptedPerSecond, deliveredPerSecond, charge } = row
  const [idleP50, idleP99, p50, p99] = [idle, loaded].flatMap((values) => [
    quantile(values, 0.5),
    quantile(values, 0.99),
  ])
  const figures = [idleP50, idleP99, acceptedPerSecond, deliveredPerSecond, p50, p99]
  const ratio = (floor: number) => figure(deliveredPerSecond / floor, 3)
  return [
    String(subscribers),
    ...figures.map((value) => figure(value)),
    figure(charge, 1),
    figure(row.undici),
    ratio(row.undici),
    figure(row.bare),
    ratio(row.bare),
  ]
}

/** Formats a number; a dash means none. */
export function figure(value = NaN, digits = 0): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

function line(cells: string[]): string {
  return cells.map((cell) => cell.padStart(12)).join('')
}
