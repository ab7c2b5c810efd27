import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startFaultProxy, type Fault, type FaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import {
  createSubscriptionsClient,
  callerClaims,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { waitForState } from '../support/stored-work.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { Receiver } from '../support/own-app.ts'

// A failed message comes again after 30 s here, as in production: who waits for that is found out.
const skip = deployedUrl !== undefined && 'faults need stores of its own'
const resource = 'urn:altinn:resource:app_ttd_apps-test'
let stores: TestStores
let cosmos: FaultProxy
let queues: FaultProxy
let receiver: Receiver
let app: App
let subscriber: number
before(async () => {
  stores = await createTestStores()
  cosmos = await startFaultProxy(stores.settings.Cosmos)
  queues = await startFaultProxy(stores.settings.QueueStorage)
  receiver = await startReceiver()
  app = await startApp(stores, {
    settings: {
      Cosmos: cosmos.connection,
      QueueStorage: queues.connection,
      DELIVERY_RETRY_SECONDS: '1',
    },
  })
  const client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  ;({ id: subscriber } = await client.subscribed({
    endPoint: `${receiver.url}/hook`,
    resourceFilter: resource,
  }))
})
after(() => Promise.all([app.stop(), receiver.stop(), cosmos.stop(), queues.stop()]))

const faults: [string, Fault][] = [
  ['a 503', { status: 503 }],
  ['a 449', { status: 449 }],
  ['a 429', { status: 429, headers: { 'x-ms-retry-after-ms': '50' } }],
  ['a cut after it was done', 'cut after'],
]
const calls: [string, string, RegExp][] = [
  ['the record of a first attempt', 'POST', /colls\/deliveries\/docs$/],
  ['the end of a fan-out', 'PATCH', /colls\/events\/docs\/[^/]+$/],
  ['the read of a delivery', 'GET', /colls\/deliveries\/docs\/[^/]+$/],
  ['the outcome of a second attempt', 'PUT', /colls\/deliveries\/docs\/[^/]+$/],
]
type Case = [string, string, RegExp, string, Fault]
const cases = calls.flatMap((call) => faults.map((fault): Case => [...call, ...fault]))
// No fan-out before has read the subscriptions, so the first one must.
cases.unshift([
  'the read of the subscriptions',
  'POST',
  /colls\/subscriptions\/docs$/,
  'a 500',
  { status: 500 },
])

// As long as an instance may take that has all hands full: giving up would only make more work.
cases.push([
  'the read of a delivery',
  'GET',
  /colls\/deliveries\/docs\/[^/]+$/,
  'a delay of 3 s',
  { delayMs: 3000 },
])

/** Has the endpoint fail at the first attempt of an event, so that there is a second one; or not at all. */
function failFirst(subject: string, isSecondWanted: boolean): void {
  let attempts = 0
  receiver.behave(({ event }) =>
    isSecondWanted && event?.subject === subject && attempts++ === 0 ? { status: 503 } : {},
  )
}
const attemptsOf = (subject: string) =>
  receiver.deliveries.filter(({ event }) => event?.subject === subject).length

for (const [index, [call, method, path, name, fault]] of cases.entries())
  test(
    `retries ${call} that meets ${name} at once, without sending the event again`,
    { skip },
    async () => {
      const subject = `/party/${index + 1}`
      const isOfSecond = method === 'GET' || method === 'PUT'
      failFirst(subject, isOfSecond)
      const met: unknown[] = []
      cosmos.plan = (request) =>
        met.length === 0 &&
        request.method === method &&
        path.test(request.url) &&
        met.push(request) > 0
          ? fault
          : undefined
      await deliveredAndFannedOut(subject, isOfSecond ? 2 : 1)
      assert.equal(met.length, 1)
    },
  )

async function publish(subject: string): Promise<string> {
  const answer = await app.publish({ ...exampleEvent, subject })
  assert.equal(answer.status, 201)
  return String(await answer.json())
}
const isFannedOut = async (event: string, subject: string) =>
  (await stores.container('events').item(event, [resource, subject]).read<EventDocument>()).resource
    ?.fanOut !== undefined

/** Publishes an event, which is over after so many attempts. */
async function deliveredAndFannedOut(subject: string, attempts: number): Promise<void> {
  const event = await publish(subject)
  await eventually('the last attempt', () => attemptsOf(subject) >= attempts, 15)
  await waitForState(stores, subscriber, event, 'delivered', 15)
  await eventually('fanned out', () => isFannedOut(event, subject), 15)
  assert.equal(attemptsOf(subject), attempts)
}

test(
  'sends a message to a queue that takes 3 s, without sending the event again',
  { skip },
  async () => {
    const subject = '/party/100'
    cosmos.plan = () => undefined
    failFirst(subject, true)
    queues.plan = ({ method, url }) =>
      method === 'POST' && url.includes('/events-retry/') ? { delayMs: 3000 } : undefined
    await deliveredAndFannedOut(subject, 2)
  },
)

test(
  'stores what has arrived before its message comes again, where no record could be stored',
  { skip },
  async () => {
    const subject = '/party/101'
    const reads: string[] = []
    const said = app.lines.length
    let readsBefore = -1 // the record was stored
    failFirst(subject, false)
    cosmos.plan = ({ method, url }) => {
      if (method === 'GET' && url.includes('/colls/events/docs/')) reads.push(url)
      if (method !== 'POST' || !url.endsWith('/colls/deliveries/docs')) return undefined
      const own = app.lines.slice(said)
      if (!own.some((line) => line.includes('is not confirmed to be stored'))) return 'cut before'
      readsBefore = reads.length
      return undefined
    }
    const event = await publish(subject)
    await waitForState(stores, subscriber, event, 'delivered', 20)
    assert.equal(attemptsOf(subject), 1)
    const own = reads.slice(0, readsBefore).filter((url) => url.includes(event))
    assert.equal(own.length, 1, 'by the one fan-out so far')
  },
)
