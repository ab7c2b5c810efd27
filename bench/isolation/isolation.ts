// `npm run bench:isolation [-- --seconds 60]`: measures how a hanging subscriber and one that answers 503 delay the
// others. Two apps with their own stores get the events alternately, so that a slow machine slows both. Each has 20
// subscribers with their own origins; in one app, two of them fail from the first event on.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Behaviour, startReceiver } from '../../local/receiver.ts'
import { type Stack, startStack } from '../../local/stack.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import { type Accepted, POLLING_MS, startApp } from '../support/app.ts'
import { createArrivals, warmUp } from '../support/arrivals.ts'
import { metOrMissed, sendResult } from '../support/bench-result.ts'
import { median, quantile, withSpread } from '../support/statistics.ts'

const AIM_PERCENT = 10
const HEALTHY_SUBSCRIBERS = 18 // only these count, in both apps
const EVENTS_PER_SECOND = 2 // in each app: with 20 subscribers, two cores deliver no more
const ROUND_SECONDS = 10
const TIMEOUT_SECONDS = 20

type Health = 'healthy' | 'failing'
type Latencies = Record<Health, number[]>
type Receiver = Awaited<ReturnType<typeof startReceiver>>
type Contender = Awaited<ReturnType<typeof startContender>>

const behaviours: Record<Health, Behaviour[]> = {
  healthy: [{}, {}],
  failing: [{ does: 'hang' }, { status: 503 }],
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const rounds = Math.round(Number(values.seconds) / ROUND_SECONDS)
if (!(rounds >= 1))
  throw new Error(`--seconds must be from ${ROUND_SECONDS}, not ${values.seconds}`)

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
try {
  const healthy = await startContender(stack, 'healthy')
  const failing = await startContender(stack, 'failing')
  printSummary(await measureRounds({ healthy, failing }))
  await Promise.all([healthy.stop(), failing.stop()])
} finally {
  await stack.stop()
}

/** Starts an app with its subscribers. The two that may fail are first, where they can delay the most others. */
async function startContender({ issuer, ...parts }: Stack, kind: Health) {
  const arrivals = createArrivals()
  const receivers: Receiver[] = []
  for (const behaviour of behaviours[kind]) {
    const receiver = await startReceiver()
    receiver.behave(behaviour)
    receivers.push(receiver)
  }
  for (let number = 1; number <= HEALTHY_SUBSCRIBERS; number++) {
    const onDelivery = arrivals.record.bind(undefined, String(number))
    receivers.push(await startReceiver({ onDelivery }))
  }
  const app = await startApp({ issuer, ...parts }, `isolation${kind}`, EVENTS_PER_SECOND)
  for (const { url } of receivers) await subscribeExample(app.api, issuer.url, `${url}/hook`)
  await warmUp(app, arrivals, HEALTHY_SUBSCRIBERS)
  return {
    publish: () => app.publish(),
    async latenciesOf(events: Accepted[]): Promise<number[]> {
      return (await arrivals.waitForAll(events, HEALTHY_SUBSCRIBERS, TIMEOUT_SECONDS)).latencies
    },
    async stop(): Promise<void> {
      await app.stop()
      await Promise.all(receivers.map((receiver) => receiver.stop()))
    },
  }
}

async function measureRounds(contenders: Record<Health, Contender>): Promise<Latencies[]> {
  const all: Latencies[] = []
  for (let round = 1; round <= rounds; round++) {
    const latencies = await measureRound(contenders)
    console.log(
      `round ${round}: ${describe('healthy', latencies)}; ${describe('failing', latencies)}`,
    )
    all.push(latencies)
  }
  return all
}

/** Publishes at a steady rate, alternately to both apps, without waiting for responses. */
async function measureRound({ healthy, failing }: Record<Health, Contender>): Promise<Latencies> {
  const publishing: Record<Health, Promise<Accepted>[]> = { healthy: [], failing: [] }
  const began = performance.now()
  for (let event = 0; event < EVENTS_PER_SECOND * ROUND_SECONDS * 2; event++) {
    const due = began + (event / EVENTS_PER_SECOND / 2) * 1000
    await sleep(Math.max(0, due - performance.now()))
    if (event % 2 === 0) publishing.healthy.push(healthy.publish())
    else publishing.failing.push(failing.publish())
  }
  const accepted = await Promise.all(
    [publishing.healthy, publishing.failing].map((all) => Promise.all(all)),
  )
  return {
    healthy: await healthy.latenciesOf(accepted[0] ?? []),
    failing: await failing.latenciesOf(accepted[1] ?? []),
  }
}

function describe(kind: Health, latencies: Latencies): string {
  const state = kind === 'healthy' ? 'all healthy' : 'two failing'
  const [p50, p99] = [quantile(latencies[kind], 0.5), quantile(latencies[kind], 0.99)]
  return `${state}, ${latencies[kind].length} webhooks: p50 ${p50} ms, p99 ${p99} ms`
}

function printSummary(all: Latencies[]): void {
  const total = {
    healthy: all.flatMap(({ healthy }) => healthy),
    failing: all.flatMap(({ failing }) => failing),
  }
  const change = (share: number, { healthy, failing }: Latencies) =>
    (quantile(failing, share) / quantile(healthy, share) - 1) * 100
  const byRound = all.map((round) => change(0.99, round))
  sendResult([
    {
      what: 'p99 of 18 subscribers, two others failing / healthy',
      unit: '×',
      values: byRound.map((percent) => 1 + percent / 100),
      aim: { atMost: 1 + AIM_PERCENT / 100 },
    },
  ])
  console.log(`
${EVENTS_PER_SECOND} events/s in each app to ${HEALTHY_SUBSCRIBERS + 2} subscribers, queues polled every ${POLLING_MS} ms; from accepted to arrived at the ${HEALTHY_SUBSCRIBERS}:
${describe('healthy', total)}
${describe('failing', total)}

p50 moved by ${change(0.5, total).toFixed(1)} %; p99 by ${withSpread(byRound, 1)} %, median and spread of ${all.length} rounds
Aim: p99 moves by less than ${AIM_PERCENT} %: ${metOrMissed(median(byRound) < AIM_PERCENT)}`)
}
