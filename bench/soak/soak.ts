// `npm run bench:soak [-- --seconds 120]`: checks that the memory of the app does not grow under a steady load with a
// subscriber, nor while 10,000 messages wait for fan-out.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { QueueServiceClient } from '@azure/storage-queue'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startStack } from '../../local/stack.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { startApp, type App } from '../support/app.ts'
import { createArrivals } from '../support/arrivals.ts'
import { sendResult } from '../support/bench-result.ts'
import { median } from '../support/statistics.ts'

const AIM_GROWTH = 1.1 // the last quarter of the load / the second; in the first, V8 grows its heap
const AIM_MB = 256
const MAX_EVENTS = 4500 // an emulator slows down with more documents
const MAX_PER_SECOND = 20
const BACKLOG = 10_000
const SAMPLE_MS = 1000
const SAMPLES = 10
const HIDDEN_MS = 25_000

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '120' } } })
const seconds = Number(values.seconds)
if (!(seconds >= 4)) throw new Error(`--seconds must be from 4, not ${values.seconds}`)

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
const arrivals = createArrivals()
const receiver = await startReceiver({ onDelivery: arrivals.record.bind(undefined, 'one') })
const app = await startApp(stack, 'soak', 1)
try {
  await subscribeExample(app.api, stack.issuer.url, `${receiver.url}/hook`)
  const before = await app.heapUsed()
  const steady = await measureUnderLoad(app)
  const after = await app.heapUsed()
  report(steady, before, after, await measureWithBacklog(app))
} finally {
  await app.stop()
  await receiver.stop()
  await stack.stop()
}

/** Returns the resident memory, in MB, for each second of a steady load. */
async function measureUnderLoad({ publish, resident }: App): Promise<number[]> {
  const perSecond = Math.min(MAX_PER_SECOND, MAX_EVENTS / seconds)
  console.log(`${perSecond.toFixed(1)} events/s for ${seconds} s …`)
  const samples: number[] = []
  const began = performance.now()
  for (let event = 0; event < perSecond * seconds; event++) {
    await sleep(Math.max(0, began + (event / perSecond) * 1000 - performance.now()))
    await publish()
    if (performance.now() - began > samples.length * SAMPLE_MS)
      samples.push(megabytes(await resident()))
    if (event % Math.ceil(perSecond * 20) === 0)
      console.log(`${event} events, ${samples.at(-1)} MB`)
  }
  return samples
}

/** Returns the peak resident memory in MB while messages wait, all for an event that is already fanned out. */
async function measureWithBacklog({ publish, resident, storage }: App): Promise<number> {
  const { id } = await publish()
  const message = {
    v: 1,
    event: id,
    resource: 'urn:altinn:resource:app_ttd_apps-test',
    subject: exampleEvent.subject,
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  }
  console.log(`Sending ${BACKLOG} messages …`)
  const queue = QueueServiceClient.fromConnectionString(storage).getQueueClient('events-inbound')
  const text = Buffer.from(JSON.stringify(message)).toString('base64')
  const visible = Date.now() + HIDDEN_MS // visible at the same time: otherwise the app would handle them as they are sent
  await forEachConcurrently(Array.from({ length: BACKLOG }), 16, async () => {
    const visibilityTimeout = Math.max(0, Math.round((visible - Date.now()) / 1000))
    await queue.sendMessage(text, { messageTimeToLive: -1, visibilityTimeout })
  })
  await sleep(Math.max(0, visible - Date.now()))
  const samples: number[] = []
  for (let sample = 0; sample < SAMPLES; sample++) {
    await sleep(SAMPLE_MS)
    samples.push(megabytes(await resident()))
  }
  const { approximateMessagesCount: left = 0 } = await queue.getProperties()
  console.log(`${left} messages still wait`)
  return Math.max(...samples)
}

function report(steady: number[], before: number, after: number, most: number): void {
  const quarter = (number: number) =>
    median(steady.slice((steady.length * (number - 1)) / 4, (steady.length * number) / 4))
  const growth = quarter(4) / quarter(2)
  console.log(`
Resident, MB: ${quarter(2)} in the second quarter, ${quarter(4)} in the last; most ${Math.max(...steady)}
In use after a full garbage collection, MB: ${megabytes(before)} before, ${megabytes(after)} after
While ${BACKLOG} messages wait: at most ${most} MB`)
  sendResult([
    {
      what: 'memory, last quarter of the load / second',
      unit: '×',
      values: [growth],
      aim: { atMost: AIM_GROWTH },
    },
    {
      what: `memory while ${BACKLOG} messages wait`,
      unit: 'MB',
      values: [most],
      aim: { atMost: AIM_MB },
    },
  ])
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000)
}
