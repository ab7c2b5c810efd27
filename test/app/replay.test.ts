import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { timeOf } from '../../shared/events/event-id.ts'
import { tokensOf } from '../support/app.ts'
import { storeEarlier } from '../support/stored-events.ts'
import {
  assertProblem,
  createSubscriptionsClient,
  minutesAgo,
  callerClaims,
  eventuallyByApi,
  mintToken,
  type Replay,
  type App,
} from '../support/subscriber.ts'
import { sleepUntil, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'
import { quickRetries } from './quick-retries.ts'

const startShared = useApp(quickRetries)
let stores: TestStores
let receiver: Receiver
let app: App
let client: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ stores, receiver, app } = await startShared())
  client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  many.push(...(await stored('many', 101)))
})

/** Stores events of an app, and returns their ids in order. */
const stored = async (...events: [name: string, count: number, data?: string]): Promise<string[]> =>
  (await storeEarlier(stores, ...events)).map(({ id }) => id)

// Each test has an app of its own, so that it can tell how many events are examined.
async function publish(name: string, type = 'created'): Promise<string> {
  const event = { ...exampleEvent, type, source: `https://ttd.apps.altinn.no/ttd/${name}` }
  const answer = await app.publish(event, clientHeaders(...(await tokensOf('ttd', name))))
  assert.equal(answer.status, 201)
  return String(await answer.json())
}
const request = (name: string, hook = name) => ({
  endPoint: `${receiver.url}/${hook}`,
  resourceFilter: `urn:altinn:resource:app_ttd_${name}`,
})
const got = (hook: string, id?: string) =>
  receiver.deliveries.filter(
    ({ path, event }) =>
      path === `/${hook}` && (id === undefined ? event?.resource !== undefined : event?.id === id),
  )
const arrived = (hook: string, ids: string[]) =>
  eventually(
    `all ${ids.length} arrived`,
    () => {
      const there = new Set(got(hook).map(({ event }) => event?.id))
      return ids.every((id) => there.has(id))
    },
    30,
  )
const ended = (id: number, event: string, state: string, run: number) =>
  eventuallyByApi(`${event} ${state} in run ${run}`, async () => {
    const { deliveries } = await client.deliveries(id)
    return deliveries.find((one) => one.event === event && one.state === state && one.run === run)
  })
const isoOf = (id: string) => timeOf(id).toISOString()

/** Publishes some with a clear distance in time. */
async function publishSequentially(name: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    ids.push(await publish(name))
    await sleep(20)
  }
  return ids
}

// More than one page, and all from before anyone subscribes.
const many: string[] = []
const countsOf = ({ state, examined, sent }: Replay) => ({ state, examined, sent })
const ofMany = (sent: number) => ({ state: 'done', examined: many.length, sent })

// Alone, for it empties a queue that the others use.
test('the sweep continues a replay whose messages were lost', async (t) => {
  const { id } = await client.subscribed(request('many', 'crash'))
  const { id: replay } = await client.replay(id, { only: 'missing' })
  await eventually('it is under way', () => got('crash').length > 0, 20)
  const stopLosing = stores.loseMessages('replays')
  t.after(stopLosing)
  const { state, examined } = await eventuallyByApi('the first page is done', async () => {
    const found: Replay = await client.requestJson(200, 'GET', `/${id}/replay`)
    return found.examined > 0 && found
  })
  await sleepUntil(Date.now() + 2000) // the next page would have come 1 s after the first
  await stopLosing()
  assert.equal(await stores.countMessages('replays'), 0)
  assert.deepEqual(await client.requestJson(200, 'GET', `/${id}/replay`).then(countsOf), {
    state,
    examined,
    sent: examined,
  })
  assert.equal(state, 'running')
  assert.ok(examined < many.length)

  const overdue = [{ op: 'set' as const, path: '/due', value: 1 }]
  await stores.container('replays').item(replay, String(id)).patch(overdue)
  await app.runTimer('sweep-subscriptions')
  const done = await client.replayDone(id)
  assert.deepEqual([done.id, countsOf(done).state, done.examined], [replay, 'done', many.length])
})

describe('a replay', { concurrency: 8 }, () => {
  test('of missing events delivers every event from before the subscription, each once', async () => {
    const few = await stored('new', 20)
    const ofFew = (sent: number) => ({ state: 'done', examined: few.length, sent })
    const { id } = await client.subscribed(request('new'))
    await assertProblem(await client.call('GET', `/${id}/replay`), 404)
    const started = await client.replay(id, { only: 'missing' })
    assert.deepEqual(countsOf(started), { state: 'running', examined: 0, sent: 0 })
    await assertProblem(
      await client.call('POST', `/${id}/replay`, { only: 'all', from: minutesAgo(1) }),
      409,
    )
    assert.deepEqual(countsOf(await client.replayDone(id)), ofFew(few.length))
    await arrived('new', few)

    const second = await client.replay(id, { only: 'missing' })
    const done = await client.replayDone(id)
    assert.deepEqual([done.id, countsOf(done)], [second.id, ofFew(0)])
    assert.equal(got('new').length, few.length)
  })

  test('that was interrupted delivers every event, each once', async () => {
    await arrived('crash', many)
    assert.equal(got('crash').length, many.length)
  })

  test('over events of 1 MB takes some 8 MB per page, and ends with the last event', async () => {
    const large = await stored('large', 9, 'x'.repeat(1_000_000))
    const { id } = await client.subscribed(request('large'))
    const { id: replay } = await client.replay(id, { only: 'missing' })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', examined: 9, sent: 9 })
    await arrived('large', large)
    assert.equal(got('large').length, 9)
    const isPage = (line: string) => line.includes('replay.page_done') && line.includes(replay)
    if (deployedUrl === undefined)
      await eventually('its second page', () => app.lines.filter(isPage).length === 2)
  })

  /** Cancels a replay as soon as its first page is done. Returns the subscription and what the answer said. */
  async function cancelBetweenPages(hook: string) {
    const { id } = await client.subscribed(request('many', hook))
    await assertProblem(await client.call('DELETE', `/${id}/replay`), 404)
    await client.replay(id, { only: 'missing' })
    await eventuallyByApi('its first page is done', async () => {
      const { examined } = await client.requestJson(200, 'GET', `/${id}/replay`)
      return examined > 0
    })
    return { id, cancelled: await client.requestJson(200, 'DELETE', `/${id}/replay`) }
  }

  test('that is cancelled between pages sends what it has put into the backlog, and no more', async () => {
    for (let tries = 1; ; tries++) {
      const hook = `cancelled-${tries}`
      const { id, cancelled } = await cancelBetweenPages(hook)
      assert.deepEqual(countsOf(cancelled), { state: 'cancelled', examined: 100, sent: 100 })
      await arrived(hook, many.slice(0, 100))
      await sleep(2000) // the next page would have come 1 s after the first
      assert.deepEqual(await client.requestJson(200, 'GET', `/${id}/replay`), cancelled)
      if (got(hook).length > 100 && tries < 4) continue // it came in between: a busy machine
      assert.equal(got(hook).length, 100)

      const over = await assertProblem(await client.call('DELETE', `/${id}/replay`), 409)
      assert.equal(over, 'The replay is over.')
      await client.replay(id, { only: 'missing' })
      assert.deepEqual(countsOf(await client.replayDone(id)), ofMany(many.length - 100))
      return
    }
  })

  test('requested many times at once runs once', async () => {
    const made = await Promise.all(
      [1, 2, 3].map((n) =>
        client.subscribed({ ...request('many', `once-${n}`), typeFilter: 'no event has it' }),
      ),
    )
    for (const { id } of made) {
      const body = { only: 'missing', from: minutesAgo(60) }
      const asked = [1, 2, 3, 4].map(() => client.call('POST', `/${id}/replay`, body))
      const statuses = (await Promise.all(asked)).map(({ status }) => status)
      assert.deepEqual(
        statuses.toSorted((a, b) => a - b),
        [202, 409, 409, 409],
      )
      assert.deepEqual(countsOf(await client.replayDone(id)), ofMany(0))
    }
  })

  test('keeps to its interval, the end excluded', async () => {
    const [first = '', second = '', third = ''] = await publishSequentially('bounds', 3)
    const { id } = await client.subscribed(request('bounds'))
    await client.replay(id, { only: 'missing', from: isoOf(second), to: isoOf(third) })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', examined: 1, sent: 1 })
    await ended(id, second, 'delivered', 0)

    await sleepUntil(Date.now() + 1000) // timestamps are in seconds
    const inOslo = new Date(timeOf(first).getTime() + 2 * 3600_000).toISOString()
    const from = inOslo.replace('Z', '+02:00')
    await client.replay(id, { only: 'all', from, to: isoOf(third) })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', examined: 2, sent: 2 })
    await ended(id, first, 'delivered', 0)
    await ended(id, second, 'delivered', 1)
    assert.deepEqual([got('bounds', first).length, got('bounds', third).length], [1, 0])
    const [earlier, again] = got('bounds', second)
    assert.ok(earlier !== undefined && again !== undefined)
    assert.deepEqual(
      [earlier, again].map(({ headers }) => headers['webhook-id']),
      [second, second],
    )
    const [then, now] = [earlier, again].map(({ headers }) => Number(headers['webhook-timestamp']))
    assert.ok(then !== undefined && now !== undefined && now > then)
    assert.equal(again.body, earlier.body)
  })

  test('of dead deliveries sends those in their next run, and no delivered ones', async () => {
    const { id } = await client.subscribed(request('dead'))
    const [delivered = ''] = await publishSequentially('dead', 1)
    await ended(id, delivered, 'delivered', 0)
    receiver.behave({ status: 500 }, '/dead')
    const [first = '', second = ''] = await publishSequentially('dead', 2)
    await Promise.all([first, second].map((event) => ended(id, event, 'dead', 0)))
    receiver.behave({}, '/dead')

    await client.replay(id, { only: 'dead', from: isoOf(delivered), to: isoOf(second) })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', examined: 1, sent: 1 })
    const { attempts } = await ended(id, first, 'delivered', 1)
    assert.deepEqual(
      attempts.map(({ status }) => status),
      [500, 500, 200],
    )
    await ended(id, second, 'dead', 0)
    await client.replay(id, { only: 'dead' })
    assert.equal((await client.replayDone(id)).sent, 1)
    await ended(id, second, 'delivered', 1)
    assert.equal(got('dead', delivered).length, 1)
  })
})
