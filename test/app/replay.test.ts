import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { newEventId, timeOf } from '../../shared/events/event-id.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import {
  assertProblem,
  clientOf,
  minutesAgo,
  people,
  soon,
  tokenOf,
  type Replay,
} from '../support/subscriber.ts'
import { clockSays, createWorld, deployed, eventually } from '../support/stores.ts'

const [world, receiver] = await Promise.all([createWorld(), startReceiver()])
after(() => receiver.stop())
const settings = {
  DELIVERY_RETRY_SECONDS: '0',
  AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01', // what fails comes soon
}
const app = await startApp(world, { settings })
after(app.stop)
const client = clientOf(app, await tokenOf(people.ttd))

// Each test has an app of its own, so that it can tell how many events are looked at.
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
  eventually(`all ${ids.length} arrived`, () => ids.every((id) => got(hook, id).length > 0), 30)
const ended = (id: number, event: string, state: string, run: number) =>
  soon(`${event} ${state} in run ${run}`, async () => {
    const { deliveries } = await client.deliveries(id)
    return deliveries.find((one) => one.event === event && one.state === state && one.run === run)
  })
const isoOf = (id: string) => timeOf(id).toISOString()

/** Publishes some with a clear distance in time. */
async function publishInTurn(name: string, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) {
    ids.push(await publish(name))
    await sleep(20)
  }
  return ids
}

// More than one page, and all from before anyone subscribes.
const many: string[] = []
for (let round = 0; round < 13; round++)
  many.push(...(await Promise.all(Array.from({ length: 8 }, () => publish('many')))))
const countsOf = ({ state, looked, sent }: Replay) => ({ state, looked, sent })
const ofMany = (sent: number) => ({ state: 'done', looked: many.length, sent })

// Alone, for it empties a queue that the others use.
test('a replay whose messages are lost in the middle is gone on with by the sweep', async (t) => {
  const { id } = await client.subscribed(request('many', 'crash'))
  const { id: replay } = await client.replay(id, { only: 'missing' })
  await eventually('it is under way', () => got('crash').length > 0, 20)
  const stopLosing = world.lose('replays')
  t.after(stopLosing)
  const { state, looked } = await soon('the first page is done', async () => {
    const found: Replay = await client.ask(200, 'GET', `/${id}/replay`)
    return found.looked > 0 && found
  })
  await clockSays(Date.now() + 2000) // the next page would have come 1 s after the first
  await stopLosing()
  assert.equal(await world.waiting('replays'), 0)
  assert.deepEqual(await client.ask(200, 'GET', `/${id}/replay`).then(countsOf), {
    state,
    looked,
    sent: looked,
  })
  assert.equal(state, 'running')
  assert.ok(looked < many.length)

  const overdue = [{ op: 'set' as const, path: '/due', value: 1 }]
  await world.container('replays').item(replay, String(id)).patch(overdue)
  await app.run('sweep-subscriptions')
  const done = await client.replayDone(id)
  assert.deepEqual([done.id, countsOf(done).state, done.looked], [replay, 'done', many.length])
})

describe('a replay', { concurrency: 8 }, () => {
  test('of what is missing brings a new subscriber every event from before it, each once', async () => {
    const { id } = await client.subscribed(request('many', 'new'))
    await assertProblem(await client.call('GET', `/${id}/replay`), 404)
    const started = await client.replay(id, { only: 'missing' })
    assert.deepEqual(countsOf(started), { state: 'running', looked: 0, sent: 0 })
    await assertProblem(
      await client.call('POST', `/${id}/replay`, { only: 'all', from: minutesAgo(1) }),
      409,
    )
    assert.deepEqual(countsOf(await client.replayDone(id)), ofMany(many.length))
    await arrived('new', many)

    const second = await client.replay(id, { only: 'missing' })
    const done = await client.replayDone(id)
    assert.deepEqual([done.id, countsOf(done)], [second.id, ofMany(0)])
    assert.equal(got('new').length, many.length)
  })

  test('that was interrupted brings every event all the same, each once', async () => {
    await arrived('crash', many)
    assert.equal(got('crash').length, many.length)
  })

  test('over events of 1 MB takes some 8 MB a page, and ends only with the last event', async () => {
    const began = Date.now() - 10 * 60_000
    const data = 'x'.repeat(1_000_000)
    const documents = Array.from({ length: 12 }, (_, i) =>
      documentAt(began + i * 1000, { app: 'large', data }),
    )
    await store(world, documents)
    const { id } = await client.subscribed(request('large'))
    const { id: replay } = await client.replay(id, { only: 'missing' })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', looked: 12, sent: 12 })
    await arrived(
      'large',
      documents.map((document) => document.id),
    )
    assert.equal(got('large').length, 12)
    const isPage = (line: string) => line.includes('replay.page_done') && line.includes(replay)
    if (deployed === undefined)
      await eventually('its second page', () => app.lines.filter(isPage).length === 2)
  })

  test('that is asked for many times at once runs once', async () => {
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

  test('keeps to its bounds: from the first moment on, up to but without the last', async () => {
    const [first = '', second = '', third = ''] = await publishInTurn('bounds', 3)
    const { id } = await client.subscribed(request('bounds'))
    await client.replay(id, { only: 'missing', from: isoOf(second), to: isoOf(third) })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', looked: 1, sent: 1 })
    await ended(id, second, 'delivered', 0)

    await clockSays(Date.now() + 1000) // timestamps are in seconds
    const inOslo = new Date(timeOf(first).getTime() + 2 * 3600_000).toISOString()
    const from = inOslo.replace('Z', '+02:00')
    await client.replay(id, { only: 'all', from, to: isoOf(third) })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', looked: 2, sent: 2 })
    await ended(id, first, 'delivered', 0)
    await ended(id, second, 'delivered', 1)
    assert.deepEqual([got('bounds', first).length, got('bounds', third).length], [1, 0])
    const [before, again] = got('bounds', second)
    assert.ok(before !== undefined && again !== undefined)
    assert.deepEqual(
      [before, again].map(({ headers }) => headers['webhook-id']),
      [second, second],
    )
    const [then, now] = [before, again].map(({ headers }) => Number(headers['webhook-timestamp']))
    assert.ok(then !== undefined && now !== undefined && now > then)
    assert.equal(again.body, before.body)
  })

  test('of the dead sends those, in the next run, and not what was delivered', async () => {
    const { id } = await client.subscribed(request('dead'))
    const [delivered = ''] = await publishInTurn('dead', 1)
    await ended(id, delivered, 'delivered', 0)
    receiver.behave({ status: 500 }, '/dead')
    const [first = '', second = ''] = await publishInTurn('dead', 2)
    await Promise.all([first, second].map((event) => ended(id, event, 'dead', 0)))
    receiver.behave({}, '/dead')

    await client.replay(id, { only: 'dead', from: isoOf(delivered), to: isoOf(second) })
    assert.deepEqual(countsOf(await client.replayDone(id)), { state: 'done', looked: 1, sent: 1 })
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

  test('is refused for a subscriber that is not validated, to whom nothing is sent', async () => {
    receiver.behave({ status: 500, validationToo: true }, '/stranger')
    await publish('stranger')
    const { id } = await client.subscribe(request('stranger'))
    const body = { only: 'missing', from: minutesAgo(60) }
    await assertProblem(await client.call('POST', `/${id}/replay`, body), 409)
    await sleep(2000)
    assert.deepEqual(got('stranger'), [])
  })

  const from = minutesAgo(60)
  const only = 'missing'
  const zone = /must specify a timezone/
  const bad: [what: string, body: unknown, detail?: RegExp][] = [
    ['nothing', {}],
    ['no kind', { from }, /"only" is required/],
    ['an unknown kind', { only: 'some', from }, /"only" must be one of/],
    ['two kinds', { only: ['dead', 'missing'], from }, /"only" must be one of/],
    ['no beginning', { only }, /"from" is required/],
    ['a beginning without a timezone', { only, from: from.replace('Z', '') }, zone],
    ['a beginning that is a day', { only, from: from.slice(0, 10) }, zone],
    ['an end without a timezone', { only, from, to: new Date().toISOString().slice(0, 19) }, zone],
    ['a beginning in words', { only, from: 'yesterday' }, /"from"/],
    ['a beginning that is a number', { only, from: Date.now() }, /"from"/],
    ['a beginning in month 13', { only, from: '2026-13-01T00:00:00Z' }, /"from"/],
    ['a beginning in a week', { only, from: '2026-W01-1T00:00:00Z' }, /"from"/],
    ['a beginning on a numbered day', { only, from: '2026-001T00:00:00Z' }, /"from"/],
    ['a beginning without separators', { only, from: '20260101T000000+01:00' }, /"from"/],
    ['a beginning on 30 February', { only, from: '2026-02-30T00:00:00Z' }, /"from" must be a date/],
    ['a beginning at hour 25', { only, from: '2026-02-01T25:00:00Z' }, /"from" must be a date/],
    ['an end on 29 February', { only, from, to: '2027-02-29T00:00:00Z' }, /"to" must be a date/],
    ['an end in a week', { only, from, to: '2026-W52-7T00:00:00Z' }, /"to"/],
    ['an end before the beginning', { only, from, to: minutesAgo(61) }, /"from" must be before/],
    ['an end at the beginning', { only, from, to: from }, /"from" must be before "to"/],
    ['a beginning in the future', { only, from: minutesAgo(-60) }, /"from" must be before "to"/],
    ['an unknown member', { only, from, limit: 5 }, /"limit" is not allowed/],
    ['a list', [{ only, from }]],
    ['null', null],
    ['no JSON', '{'],
  ]
  test('with bad bounds or of an unknown kind is a 400, and starts nothing', async (t) => {
    const { id } = await client.subscribed(request('bad'))
    for (const [what, body, detail] of bad)
      await t.test(`for ${what}`, async () => {
        const said = await assertProblem(await client.call('POST', `/${id}/replay`, body), 400)
        if (detail !== undefined) assert.match(said, detail)
        await assertProblem(await client.call('GET', `/${id}/replay`), 404)
      })
  })

  const nonsense: [queue: string, text: string, reason: RegExp][] = [
    ['replays', 'this is no JSON', /^makes no sense: /],
    ['replays', '{"v":1,"subscription":5}', /^makes no sense: .*subscription/],
    ['replays', JSON.stringify({ v: 1, subscription: '1', replay: newEventId() }), /^names no/],
    ['subscription-validation', '{"v":1}', /^makes no sense: .*consumer/],
    [
      'subscription-validation',
      '{"v":1,"consumer":"/org/ttd","subscription":"a/b","attempt":0}', // no id of a document
      /^makes no sense: .*subscription/,
    ],
    ['drains', '[]', /^makes no sense: /],
    ['events-retry', '{"v":2}', /^makes no sense: /],
  ]
  for (const [queue, text, reason] of nonsense)
    test(`leaves a message of ${queue} that makes no sense as poison: ${text.slice(0, 25)}`, async () => {
      await world.send(`${queue}-poison`, text)
      const kept = await soon('kept', async () =>
        (
          await world.documents<{ id: string; queue: string; reason: string; text: string }>(
            'poison',
          )
        ).find((one) => one.queue === queue && one.text === text),
      )
      assert.match(kept.reason, reason)
    })
})
