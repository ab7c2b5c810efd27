import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { queueNames } from '../../shared/azure/definitions.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { startApp } from '../support/app.ts'
import { createOwnApp, type OwnApp, type Receiver } from '../support/own-app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import {
  updateStored,
  endLease,
  waitForState,
  recordsOf,
  waitForStates,
  storeBacklog,
  findStored,
} from '../support/stored-work.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

const skip = deployedUrl !== undefined && 'it needs stores of its own'
const settings = {
  AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
}
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;[stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  app = await startApp(stores, { settings })
})
after(() => Promise.all([app.stop(), receiver.stop()]))

const HOUR = 3_600_000
const nowSeconds = () => Math.floor(Date.now() / 1000)

let apps = 0
async function subscribedApp() {
  const own = await createOwnApp(app, receiver, `drain-${apps++}`)
  const { id } = await own.subscribe()
  return { ...own, id }
}
type Subscribed = OwnApp & { id: number }

/** Has a drain be due whose message is lost: the lease says by which token. Returns the subscription as it is stored. */
async function withLease(
  own: Subscribed,
  state: 'draining' | 'open',
  token: string = randomUUID(),
) {
  const lease = { token, until: nowSeconds() + 3600 }
  const failing = { failingSince: new Date().toISOString(), reason: 'answered 503' }
  return updateStored(stores, own.id, (subscription) => ({
    ...subscription,
    circuit: state === 'open' ? { state, opens: 1, ...failing, lease } : { state, opens: 0, lease },
  }))
}
/** Stores so many events of two hours ago, that wait in the backlog. */
async function storeOldBacklog(
  subscription: SubscriptionDocument,
  { name }: OwnApp,
  count: number,
) {
  const began = Date.now() - 2 * HOUR
  const events = Array.from({ length: count }, (_, place) =>
    documentAt(began + place * 1000, { app: name }),
  )
  await store(stores, events)
  await storeBacklog(stores, subscription, events)
  return events
}
const messageTo = ({ consumer, id: subscription }: SubscriptionDocument, token: string) => ({
  v: 1,
  consumer,
  subscription,
  token,
})
const ends = (subscription: SubscriptionDocument, state: string) =>
  app.lines.filter((line) => line.includes(subscription.id) && line.includes(`"state":"${state}"`))
    .length
const closed = ({ id, read }: Subscribed) =>
  eventually('closed', async () => (await read(id)).circuit.state === 'closed', 20)

suite('a backlog', { skip, concurrency: true }, () => {
  for (const [what, missingSince, state] of [
    ['has been missing for an hour: that one is dead', nowSeconds() - 3700, 'dead'],
    ['is not to be seen, which waits by itself: it may only lag', undefined, 'waiting'],
  ] as const)
    test(`continues when the event of its first delivery ${what}, and the circuit closes`, async () => {
      const own = await subscribedApp()
      const subscription = await withLease(own, 'open')
      const [gone, ...others] = await storeOldBacklog(subscription, own, 5)
      assert.ok(gone)
      await stores.container('events').item(gone.id, [gone.resource, gone.subject]).delete()
      const record = stores.container('deliveries').item(gone.id, [String(own.id), gone.id])
      if (missingSince !== undefined)
        await record.patch([{ op: 'set', path: '/missingSince', value: missingSince }])
      await endLease(stores, app, own.id)
      await own.allArrived(others.map(({ id }) => id))
      const { reason, attempts, due } = await waitForState(stores, own.id, gone.id, state, 20)
      assert.deepEqual(attempts, [])
      if (state === 'dead') assert.equal(reason, 'the event is gone')
      else assert.ok(due !== undefined && due > nowSeconds() - 60)
      await closed(own)
    })

  test('is drained once when its message comes twice; a message with an old token does nothing', async () => {
    const own = await subscribedApp()
    const [token, oldToken] = [randomUUID(), randomUUID()]
    const subscription = await withLease(own, 'draining', token)
    const events = await storeOldBacklog(subscription, own, 30)
    await stores.send('drains', messageTo(subscription, oldToken))
    await eventually('it is dropped', () => ends(subscription, 'dropped') === 1)
    assert.deepEqual(own.arrivals(), [])
    const stored = await findStored(stores, own.id)
    assert.ok(isSubscription(stored))
    assert.deepEqual(stored.circuit, subscription.circuit)

    receiver.behave({ delayMs: 200 }, own.path)
    const message = messageTo(subscription, token)
    await Promise.all([stores.send('drains', message), stores.send('drains', message)])
    await eventually('the second is dropped', () => ends(subscription, 'dropped') === 2)
    await own.allArrived(events.map(({ id }) => id))
    await closed(own)
    assert.equal(own.arrivals().length, events.length, 'each came once')
  })

  test('of a deleted subscription drops its message', async () => {
    const own = await subscribedApp()
    const subscription = await withLease(own, 'draining')
    const events = await storeOldBacklog(subscription, own, 3)
    await own.remove(own.id)
    await Promise.all(events.map(({ id }) => waitForState(stores, own.id, id, 'cancelled')))
    const earlier = ends(subscription, 'dropped')
    await stores.send('drains', messageTo(subscription, leaseOf(subscription)))
    await eventually('it is dropped', () => ends(subscription, 'dropped') === earlier + 1)
    assert.deepEqual(own.arrivals(), [])
  })
})

test(
  'delivers a whole backlog although all queues are cleared and the drain is killed',
  { skip },
  async (t) => {
    const own = await subscribedApp()
    const subscription = await withLease(own, 'draining')
    const events = await storeOldBacklog(subscription, own, 120)
    receiver.behave({ delayMs: 1500 }, own.path)
    await stores.send('drains', messageTo(subscription, leaseOf(subscription)))
    await eventually('it is under way', () => own.arrivals().length >= 24)
    await app.kill()
    await Promise.all(queueNames(1).map((name) => stores.queue(name).clearMessages()))
    const delivered = (await recordsOf(stores, own.id)).filter(({ state }) => state === 'delivered')
    assert.ok(delivered.length < events.length, 'it was killed in the middle')
    assert.equal(await stores.countMessages('drains'), 0)

    const next = await startApp(stores, { settings })
    t.after(next.stop)
    receiver.behave({}, own.path)
    await endLease(stores, next, own.id)
    const ids = events.map(({ id }) => id)
    await own.allArrived(ids, 30)
    await waitForStates(stores, own.id, ids, 'delivered')
  },
)

/** The token of the drain that is due. */
function leaseOf({ circuit }: SubscriptionDocument): string {
  assert.ok(circuit?.state === 'draining')
  return circuit.lease.token
}
