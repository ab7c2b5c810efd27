// `npm run bench:deliver [-- --profile]`: measures the time from an accepted event to its webhook, deliveries per
// second compared with undici alone and with the bare SDKs and undici, and the request units of an event. The app runs
// in its own process; the receiver, the load and the peers share this one. The request units include the app's
// background work meanwhile (its index, its timers).
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Agent, request } from 'undici'
import { startReceiver } from '../../local/receiver.ts'
import { startStack } from '../../local/stack.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import { type Accepted, type App, startApp } from '../support/app.ts'
import { type Arrivals, createArrivals, warmUp } from '../support/arrivals.ts'
import { runInterval } from '../support/interval.ts'
import { profileFlags, reportProfile } from '../support/profile.ts'
import { quantile } from '../support/statistics.ts'
import { bareDeliveries } from './bare-deliveries.ts'
import {
  CONNECTIONS,
  EVENTS,
  figure,
  IDLE_EVENTS,
  POOL,
  printTable,
  type Result,
  sendResults,
} from './report.ts'

const IDLE_PAUSE_MS = 150
const TIMEOUT_SECONDS = 40
const MAX_SUBSCRIBERS = 3

const profile = 'deliver.cpuprofile'
const { values } = parseArgs({ options: { profile: { type: 'boolean' } } })

type Receiver = Awaited<ReturnType<typeof startReceiver>>

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0, register: 0 })
try {
  if (values.profile) await profileDeliveries()
  else await measureAll()
} finally {
  await stack.stop()
}

async function measureAll(): Promise<void> {
  const rows: Result[] = []
  for (const subscribers of [0, 1, MAX_SUBSCRIBERS]) rows.push(await measure(subscribers))
  printTable(rows)
  sendResults(rows)
}

async function profileDeliveries(): Promise<void> {
  await measure(MAX_SUBSCRIBERS)
  await reportProfile(profile, 'shared/flows/fan-out.ts', 'profile-deliver')
}

/** Measures one number of subscribers, on new stores. */
async function measure(subscribers: number): Promise<Result> {
  const arrivals = createArrivals()
  const receiver = await startReceiver({
    onDelivery: (delivery) => arrivals.record(delivery.path, delivery),
  })
  const flags = values.profile ? profileFlags(profile) : []
  const app = await startApp(stack, `deliver${subscribers}`, CONNECTIONS, { flags })
  try {
    for (let path = 1; path <= subscribers; path++)
      await subscribeExample(app.api, stack.issuer.url, `${receiver.url}/${path}`)
    await warmUp(app, arrivals, subscribers)
    return await measureOn(app, receiver, arrivals, subscribers)
  } finally {
    await app.stop()
    await receiver.stop()
  }
}

async function measureOn(app: App, receiver: Receiver, arrivals: Arrivals, subscribers: number) {
  const idle = subscribers === 0 ? [] : await measureIdle(app, arrivals, subscribers)
  console.log(`${subscribers} subscribers: idle p99, ms: ${figure(quantile(idle, 0.99))}`)
  const load = await measureLoad(app, arrivals, subscribers)
  const floors =
    subscribers === 0
      ? { undici: NaN, bare: NaN }
      : await measureFloors(receiver, EVENTS * subscribers)
  const row = { subscribers, idle, ...load, ...floors }
  console.log(`${subscribers} subscribers: delivered/s: ${figure(row.deliveredPerSecond)}`)
  return row
}

/** Publishes one event after another, each after the previous one has arrived. */
async function measureIdle(app: App, arrivals: Arrivals, subscribers: number): Promise<number[]> {
  const latencies: number[] = []
  for (let event = 0; event < IDLE_EVENTS; event++) {
    const accepted = await app.publish()
    const arrived = await arrivals.waitForAll([accepted], subscribers, TIMEOUT_SECONDS)
    latencies.push(...arrived.latencies)
    await sleep(IDLE_PAUSE_MS)
  }
  return latencies
}

async function measureLoad(app: App, arrivals: Arrivals, subscribers: number) {
  await app.waitUntilDrained()
  await stack.emulators.resetUsage()
  const [accepted, began]: [Accepted[], number] = [[], Date.now()]
  const publish = async () => void accepted.push(await app.publish())
  const { calls, seconds } = await runInterval(workers(CONNECTIONS, publish), limits(EVENTS))
  const { latencies, last } = await arrivals.waitForAll(accepted, subscribers, TIMEOUT_SECONDS)
  await app.waitUntilDrained()
  return {
    loaded: latencies,
    acceptedPerSecond: calls / seconds,
    deliveredPerSecond: (latencies.length / Math.max(0, last - began)) * 1000,
    charge: (await app.charge()) / calls,
  }
}

/**
 * Measures deliveries per second of undici alone, with the bodies that the receiver got last, and of the bare SDKs with
 * undici.
 */
async function measureFloors({ url, deliveries }: Receiver, count: number) {
  const bodies = deliveries.slice(-count).map(({ body }) => body)
  const dispatcher = new Agent({ connections: POOL, pipelining: 1 })
  const headers = { 'content-type': 'application/json' }
  let next = 0
  const post = async () => {
    const body = bodies[next++ % bodies.length] ?? ''
    await (await request(`${url}/alone`, { method: 'POST', body, headers, dispatcher })).body.dump()
  }
  await runInterval(workers(POOL, post), limits(count)) // only warms up
  const { calls, seconds } = await runInterval(workers(POOL, post), limits(count))
  const bare = await bareDeliveries(stack, count, post)
  await dispatcher.close()
  return { undici: calls / seconds, bare }
}

function workers(count: number, call: () => Promise<void>) {
  return Array.from({ length: count }, () => call)
}

function limits(calls: number) {
  return { milliseconds: TIMEOUT_SECONDS * 1000, calls }
}
