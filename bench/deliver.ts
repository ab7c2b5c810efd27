// `npm run bench:deliver`: how soon a webhook arrives after its event was accepted, how many are delivered per second beside
// undici alone, and what an event costs in request units. The whole app runs in its own process; the receiver, the load
// and undici alone share this one. The request units include what the app does at its ease meanwhile (its index, timers).
import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { startReceiver } from '../local/receiver.ts'
import { startStack } from '../local/stack.ts'
import { subscribeExample } from '../local/subscribe.ts'
import { POLLING_MS, startApp, warmUp, type Accepted, type App } from './app.ts'
import { createArrivals, type Arrivals } from './arrivals.ts'
import { tellFigures } from './figures.ts'
import { runSlice } from './slice.ts'
import { quantile } from './statistics.ts'

const AIM_IDLE_MS = 400
const AIM_RU = 85
const AIM_RATIO = 0.5
const IDLE_EVENTS = 60
const IDLE_PAUSE_MS = 150
const EVENTS = 240 // an emulator slows down with what it holds
const CONNECTIONS = 16
const POOL = 10 // connections of the app to one origin, shared/webhook.ts
const LONGEST_SECONDS = 40
const HEADS = ['subscribers', 'idle p50', 'idle p99', 'accepted/s', 'delivered/s', 'p50', 'p99']
const MORE_HEADS = ['RU/event', 'undici/s', 'ratio']

interface Row {
  subscribers: number
  idle: number[]
  loaded: number[]
  acceptedPerSecond: number
  deliveredPerSecond: number
  charge: number
  floor: number
}
type Receiver = Awaited<ReturnType<typeof startReceiver>>

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
try {
  const rows: Row[] = []
  for (const subscribers of [0, 1, 3]) rows.push(await measure(subscribers))
  printTable(rows)
  tell(rows)
} finally {
  await stack.stop()
}

/** One number of subscribers, on fresh stores. */
async function measure(subscribers: number): Promise<Row> {
  const arrivals = createArrivals()
  const receiver = await startReceiver({
    onDelivery: (delivery) => arrivals.note(delivery.path, delivery),
  })
  const app = await startApp(stack, `deliver${subscribers}`, CONNECTIONS)
  try {
    for (let path = 1; path <= subscribers; path++)
      await subscribeExample(app.api, stack.issuer.url, `${receiver.url}/${path}`)
    await warmUp(app, arrivals, subscribers)
    return await takeRow(app, receiver, arrivals, subscribers)
  } finally {
    await app.stop()
    await receiver.stop()
  }
}

async function takeRow(app: App, receiver: Receiver, arrivals: Arrivals, subscribers: number) {
  const idle = subscribers === 0 ? [] : await takeIdle(app, arrivals, subscribers)
  console.log(`${subscribers} subscribers: idle p99, ms: ${figure(quantile(idle, 0.99))}`)
  const load = await takeLoad(app, arrivals, subscribers)
  const floor = subscribers === 0 ? NaN : await takeFloor(receiver, EVENTS * subscribers)
  const row = { subscribers, idle, ...load, floor }
  console.log(`${subscribers} subscribers: delivered/s: ${figure(row.deliveredPerSecond)}`)
  return row
}

/** One event after another, each when the one before has arrived. */
async function takeIdle(app: App, arrivals: Arrivals, subscribers: number): Promise<number[]> {
  const latencies: number[] = []
  for (let event = 0; event < IDLE_EVENTS; event++) {
    const accepted = await app.publish()
    latencies.push(...(await all(arrivals, [accepted], subscribers)).latencies)
    await sleep(IDLE_PAUSE_MS)
  }
  return latencies
}

async function takeLoad(app: App, arrivals: Arrivals, subscribers: number) {
  await app.drained()
  await stack.emulators.resetUsage()
  const [accepted, began]: [Accepted[], number] = [[], Date.now()]
  const publish = async () => void accepted.push(await app.publish())
  const { calls, seconds } = await runSlice(lanes(CONNECTIONS, publish), limits(EVENTS))
  const { latencies, last } = await all(arrivals, accepted, subscribers)
  await app.drained()
  return {
    loaded: latencies,
    acceptedPerSecond: calls / seconds,
    deliveredPerSecond: (latencies.length / Math.max(0, last - began)) * 1000,
    charge: (await app.charge()) / calls,
  }
}

/** Deliveries per second of undici alone, with the bodies that the receiver got last; the first pass only warms up. */
async function takeFloor({ url, deliveries }: Receiver, count: number): Promise<number> {
  const bodies = deliveries.slice(-count).map(({ body }) => body)
  const dispatcher = new Agent({ connections: POOL, pipelining: 1 })
  const headers = { 'content-type': 'application/json' }
  let next = 0
  const post = async () => {
    const body = bodies[next++ % bodies.length] ?? ''
    await (await request(`${url}/alone`, { method: 'POST', body, headers, dispatcher })).body.dump()
  }
  await runSlice(lanes(POOL, post), limits(count))
  const { calls, seconds } = await runSlice(lanes(POOL, post), limits(count))
  await dispatcher.close()
  return calls / seconds
}

function lanes(count: number, call: () => Promise<void>) {
  return Array.from({ length: count }, () => call)
}

function limits(calls: number) {
  return { milliseconds: LONGEST_SECONDS * 1000, calls }
}

async function all(arrivals: Arrivals, events: Accepted[], subscribers: number) {
  const arrived = await arrivals.of(events, subscribers, LONGEST_SECONDS)
  if (arrived === undefined)
    throw new Error(`Not every subscriber got every event within ${LONGEST_SECONDS} s.`)
  return arrived
}

function printTable(rows: Row[]): void {
  console.log(`
Queues polled every ${POLLING_MS} ms. Idle: ${IDLE_EVENTS} events one after another. Load: ${EVENTS} events over ${CONNECTIONS} connections.
p50 and p99 are ms from accepted to arrived; undici alone posts the same bodies over ${POOL} connections, as the app does.
`)
  console.log(line([...HEADS, ...MORE_HEADS]))
  for (const row of rows) console.log(line(cellsOf(row)))
  const three = rows.at(-1)
  const slowest = Math.max(...rows.slice(1).map(({ idle }) => quantile(idle, 0.99)))
  console.log(`
Aim: idle p99 below ${AIM_IDLE_MS} ms: ${verdict(slowest < AIM_IDLE_MS)}
Aim: at most ${AIM_RU} RU per event with 3 subscribers: ${verdict((three?.charge ?? NaN) <= AIM_RU)}`)
}

function tell(rows: Row[]): void {
  const subscribed = rows.filter(({ subscribers }) => subscribers > 0)
  const three = rows.at(-1)
  const p99 = subscribed.map(({ idle }) => quantile(idle, 0.99))
  const ratios = subscribed.map(({ deliveredPerSecond, floor }) => deliveredPerSecond / floor)
  tellFigures(
    [
      {
        what: 'accepted to arrived, idle, p99',
        unit: 'ms',
        values: p99,
        aim: { atMost: AIM_IDLE_MS },
      },
      {
        what: 'an event with 3 subscribers',
        unit: 'RU',
        values: [three?.charge ?? NaN],
        aim: { atMost: AIM_RU },
      },
      {
        what: 'delivered per second',
        unit: '/s',
        values: subscribed.map((row) => row.deliveredPerSecond),
      },
      {
        what: 'delivered per second, app / undici alone',
        unit: '×',
        values: ratios,
        aim: { atLeast: AIM_RATIO },
      },
    ],
    subscribed.map(({ subscribers, idle }) => ({
      chart: 'latency',
      name: `accepted to arrived, idle, ${subscribers} subscribers`,
      points: [0.5, 0.9, 0.99].map((share) => [`p${share * 100}`, quantile(idle, share)]),
    })),
  )
}

function cellsOf(row: Row): string[] {
  const { subscribers, idle, loaded, acceptedPerSecond, deliveredPerSecond, charge, floor } = row
  const [idleP50, idleP99, p50, p99] = [idle, loaded].flatMap((values) => [
    quantile(values, 0.5),
    quantile(values, 0.99),
  ])
  const figures = [idleP50, idleP99, acceptedPerSecond, deliveredPerSecond, p50, p99]
  const ratio = (deliveredPerSecond / floor).toFixed(3).replace('NaN', '–')
  return [
    String(subscribers),
    ...figures.map((value) => figure(value)),
    figure(charge, 1),
    figure(floor),
    ratio,
  ]
}

/** A number, or a dash where there is none. */
function figure(value = NaN, digits = 0): string {
  return Number.isFinite(value) ? value.toFixed(digits) : '–'
}

function line(cells: string[]): string {
  return cells.map((cell) => cell.padStart(12)).join('')
}

function verdict(met: boolean): string {
  return met ? 'met' : 'missed'
}
