// `npm run bench:isolation`: what a subscriber that hangs and one that answers 503 cost the others. Runs with both of them
// alternate with runs in which all are well, each on fresh stores; every subscriber has an origin of its own.
import { setTimeout as sleep } from 'node:timers/promises'
import { startReceiver, type Behaviour } from '../local/receiver.ts'
import { startStack } from '../local/stack.ts'
import { subscribeExample } from '../local/subscribe.ts'
import { POLLING_MS, startApp, warmUp, type Accepted, type App } from './app.ts'
import { createArrivals, type Arrivals } from './arrivals.ts'
import { quantile } from './statistics.ts'

const AIM_PERCENT = 10
const WATCHED = 18 // subscribers that are well in every run: only they count
const EVENTS_PER_SECOND = 2 // to 20: more is more than two busy cores deliver, and measures only a backlog
const SECONDS = 12
const LATE_SECONDS = 15

type Kind = 'well' | 'ill'
interface Run {
  kind: Kind
  latencies: number[]
}
type Receiver = Awaited<ReturnType<typeof startReceiver>>

const order: Kind[] = ['well', 'ill', 'well', 'ill']
const others: Record<Kind, Behaviour[]> = {
  well: [{}, {}],
  ill: [{ does: 'hang' }, { status: 503 }],
}

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
try {
  const runs: Run[] = []
  for (const [index, kind] of order.entries()) runs.push(await take(kind, `isolation${index}`))
  printSummary(runs)
} finally {
  await stack.stop()
}

async function take(kind: Kind, name: string): Promise<Run> {
  const arrivals = createArrivals()
  const app = await startApp(stack, name, EVENTS_PER_SECOND)
  const receivers = await startReceivers(kind, arrivals)
  try {
    await Promise.all(
      receivers.map(({ url }) => subscribeExample(app.api, stack.issuer.url, `${url}/hook`)),
    )
    await warmUp(app, arrivals, WATCHED)
    const run = { kind, latencies: await latenciesOf(app, arrivals) }
    console.log(describe(run))
    return run
  } finally {
    await app.stop()
    await Promise.all(receivers.map((receiver) => receiver.stop()))
  }
}

/** The two others come first, as those who could do the most harm. */
async function startReceivers(kind: Kind, arrivals: Arrivals): Promise<Receiver[]> {
  const receivers: Receiver[] = []
  for (const behaviour of others[kind]) {
    const receiver = await startReceiver()
    receiver.behave(behaviour)
    receivers.push(receiver)
  }
  for (let number = 1; number <= WATCHED; number++) {
    const onDelivery = arrivals.note.bind(undefined, String(number))
    receivers.push(await startReceiver({ onDelivery }))
  }
  return receivers
}

/** Publishes at a steady rate, whatever the answers take, and waits for what the well ones get. */
async function latenciesOf(app: App, arrivals: Arrivals): Promise<number[]> {
  const publishing: Promise<Accepted>[] = []
  const began = performance.now()
  for (let event = 0; event < EVENTS_PER_SECOND * SECONDS; event++) {
    const due = began + (event / EVENTS_PER_SECOND) * 1000
    await sleep(Math.max(0, due - performance.now()))
    publishing.push(app.publish())
  }
  const arrived = await arrivals.of(await Promise.all(publishing), WATCHED, LATE_SECONDS)
  if (arrived === undefined) throw new Error(`Webhooks are missing after ${LATE_SECONDS} s.`)
  return arrived.latencies
}

function describe({ kind, latencies }: Run): string {
  const state = kind === 'well' ? 'all well' : 'one hangs, one answers 503'
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)]
  return `${state.padEnd(28)}${latencies.length} webhooks: p50 ${p50} ms, p99 ${p99} ms`
}

function printSummary(runs: Run[]): void {
  const p99 = (kind: Kind) =>
    quantile(
      runs.filter((run) => run.kind === kind).flatMap(({ latencies }) => latencies),
      0.99,
    )
  const moved = (p99('ill') / p99('well') - 1) * 100
  console.log(`
${EVENTS_PER_SECOND} events/s for ${SECONDS} s to ${WATCHED + 2} subscribers, queues polled every ${POLLING_MS} ms; from accepted to arrived at the ${WATCHED}:
${runs.map(describe).join('\n')}

p99 of the two runs together: ${p99('well')} ms with all well, ${p99('ill')} ms with the two: moved by ${moved.toFixed(1)} %
Aim: less than ${AIM_PERCENT} %: ${moved < AIM_PERCENT ? 'met' : 'missed'}`)
}
