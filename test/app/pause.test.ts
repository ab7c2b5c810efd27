import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { endLease, recordsOf, waitForState } from '../support/stored-work.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import {
  assertProblem,
  callerClaims,
  createSubscriptionsClient,
  minutesAgo,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import { quickRepairs } from './quick-repairs.ts'

const DAY_MS = 86_400_000
const skip = deployedUrl !== undefined && 'it needs stores of its own'
const startShared = useApp(quickRepairs)
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

async function subscribedApp(name: string, more: object = {}) {
  const own = await createOwnApp(app, receiver, name)
  const request = {
    endPoint: receiver.url + own.path,
    resourceFilter: `urn:altinn:resource:app_ttd_${name}`,
    ...more,
  }
  const { id } = await own.client.subscribed(request)
  const post = (what: string) => own.client.requestJson(200, 'POST', `/${id}/${what}`)
  const inBacklog = (events: string[]) =>
    eventually(`${events.length} of ${name} in the backlog`, async () => {
      const records = await recordsOf(stores, id)
      return events.every((event) =>
        records.some((each) => each.id === event && each.state === 'backlog'),
      )
    })
  return {
    ...own,
    id,
    request,
    inBacklog,
    pause: () => post('pause'),
    resume: () => post('resume'),
  }
}

suite('a subscription that its owner has paused', { skip, concurrency: true }, () => {
  test('is sent nothing, neither new events nor retries nor replays, and everything once it is resumed', async () => {
    const own = await subscribedApp('paused')
    const delivered = await own.publish()
    await waitForState(stores, own.id, delivered, 'delivered')
    receiver.behave({ status: 503 }, own.path)
    const failed = await own.publish()
    await eventually('it has failed', () => own.arrivals(failed).length > 0)
    const earlier = Date.now()
    const paused = await own.pause()
    const { state, since, until, reason } = paused.circuit
    assert.deepEqual([state, reason], ['paused', 'paused by its owner'])
    assert.ok(Math.abs(Date.parse(since) - earlier) < 5000)
    assert.ok(Math.abs(Date.parse(until) - earlier - 30 * DAY_MS) < 5000)
    receiver.behave({}, own.path)
    const sent = own.arrivals().length
    const published = await own.publishMany(5)
    await own.client.requestJson(202, 'POST', `/${own.id}/deliveries/${delivered}/retry`)
    await own.inBacklog([failed, delivered, ...published])
    const again = await own.pause()
    assert.deepEqual(again.circuit, { ...paused.circuit, waiting: '7' }, 'the second time, nothing')
    const { waiting: _waiting, ...circuitNow } = paused.circuit
    assert.deepEqual((await own.client.subscribe(own.request)).circuit, circuitNow)
    await own.client.replay(own.id, { only: 'all', from: minutesAgo(60) })
    await own.client.replayDone(own.id)
    await app.runTimer('sweep-subscriptions')
    await sleep(1000)
    assert.equal(own.arrivals().length, sent, 'nothing is sent')
    assert.deepEqual((await own.read(own.id)).circuit, again.circuit)

    const resumed = await own.resume()
    assert.equal(resumed.circuit.state, 'half-open')
    await own.allArrived([failed, ...published])
    for (const event of [failed, delivered, ...published])
      await waitForState(stores, own.id, event, 'delivered')
    assert.equal(own.arrivals(delivered).length, 2)
    const { circuit } = await eventually('closed', async () => {
      const found = await own.read(own.id)
      return found.circuit.state === 'closed' && found
    })
    assert.deepEqual((await own.resume()).circuit, circuit, 'the second time, nothing')
  })

  test('is resumed by itself at the end of the pause', async () => {
    const own = await subscribedApp('ended')
    await own.pause()
    const event = await own.publish()
    await own.inBacklog([event])
    await endLease(stores, app, own.id)
    await own.arrived(event)
  })

  test('gets what waited in its order, where it has one', async () => {
    const own = await subscribedApp('ordered-pause', { ordered: true, maxPerSecond: 50 })
    await own.pause()
    const events: string[] = []
    for (let i = 0; i < 8; i++) events.push(await own.publish())
    await own.inBacklog(events)
    assert.deepEqual(own.arrivals(), [])
    await own.resume()
    await own.allArrived(events)
    assert.deepEqual(
      own.arrivals().map(({ event }) => event?.id),
      events,
    )
  })

  test('can be deleted, which cancels what waits', async () => {
    const own = await subscribedApp('deleted-pause')
    await own.pause()
    const event = await own.publish()
    await own.inBacklog([event])
    await own.remove(own.id)
    await waitForState(stores, own.id, event, 'cancelled')
    assert.deepEqual(own.arrivals(), [])
  })
})

test('pause and resume are refused where nothing is delivered, and to everybody else', async () => {
  const own = await createOwnApp(app, receiver, 'refused-pause')
  receiver.behave({ status: 410, validationToo: true }, own.path)
  const { id } = await own.requestSubscription()
  const well = await own.subscribe('/refused-well')
  const other = createSubscriptionsClient(app, await mintToken(callerClaims.skd))
  const nobody = createSubscriptionsClient(app)
  for (const what of ['pause', 'resume']) {
    const said = await assertProblem(await own.client.call('POST', `/${id}/${what}`), 409)
    assert.equal(said, 'The subscription is not validated, or is disabled.')
    await assertProblem(await own.client.call('POST', `/999999/${what}`), 404)
    await assertProblem(await other.call('POST', `/${well.id}/${what}`), 403)
    await assertProblem(await nobody.call('POST', `/${well.id}/${what}`), 401)
    const large = 'x'.repeat(33_000)
    await assertProblem(await own.client.call('POST', `/${well.id}/${what}`, large), 413)
  }
  receiver.behave({ status: 410 }, '/refused-well')
  await own.publish()
  await eventually('it is disabled', async () => {
    const { circuit } = await own.read(well.id)
    return circuit.state === 'disabled'
  })
  await assertProblem(await own.client.call('POST', `/${well.id}/pause`), 409)
  await assertProblem(await own.client.call('POST', `/${well.id}/resume`), 409)
})
