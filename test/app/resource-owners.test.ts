import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createGenericClient } from '../support/generic-client.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { eventually } from '../support/stores.ts'
import {
  assertProblem,
  callerClaims,
  createSubscriptionsClient,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import { REGISTRY, granted } from './granted.ts'

const startShared = useApp(granted)
let receiver: Receiver
let app: App
let tokens: { ttd: string; skd: string }
let skd: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ receiver, app } = await startShared())
  tokens = {
    ttd: await mintToken(callerClaims.ttd),
    skd: await mintToken({
      ...callerClaims.skd,
      scope: 'altinn:events.publish altinn:events.subscribe',
    }),
  }
  skd = createSubscriptionsClient(app, tokens.skd)
})

async function get(path: string, token = tokens.ttd) {
  const answer = await fetch(app.api + path, { headers: { authorization: `Bearer ${token}` } })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return { ...Object(JSON.parse(text)), next: answer.headers.get('next') }
}

test('the owner of an app sees what became of an event at each of its subscribers', async () => {
  const own = await createOwnApp(app, receiver, 'status')
  const well = await own.subscribe()
  const resourceFilter = 'urn:altinn:resource:app_ttd_status'
  const other = await skd.subscribed({ endPoint: `${receiver.url}/failing`, resourceFilter })
  const elsewhere = { resourceFilter, subjectFilter: '/party/1' }
  await skd.subscribed({ endPoint: `${receiver.url}/failing`, ...elsewhere })
  receiver.behave({ status: 500 }, '/failing')
  const earlier = Date.now()
  const id = await own.publish()
  const status = await eventually('fanned out', async () => {
    const found = await get(`/app/ttd/status/${id.toUpperCase()}`)
    return found.fannedOut !== undefined && found
  })
  assert.equal(status.event.id, id)
  assert.ok(Math.abs(Date.parse(status.accepted) - earlier) < 5000)
  assert.equal(status.fannedOut.subscribers, 2)
  const { headers } = await own.arrived(id)
  assert.equal(status.traceparent.split('-')[1], headers['traceparent']?.split('-')[1])
  const [first, second] = status.deliveries
  assert.deepEqual(first, {
    subscription: well.id,
    consumer: '/org/ttd',
    state: 'delivered',
    attempts: 1,
  })
  const { due, ...waiting } = second
  assert.deepEqual(waiting, {
    subscription: other.id,
    consumer: '/org/skd',
    state: 'waiting',
    attempts: 1,
  })
  assert.ok(Date.parse(due) > earlier)
})

test('the owner of an app sees who subscribes, without secrets', async () => {
  const own = await createOwnApp(app, receiver, 'subscribers')
  const resourceFilter = 'urn:altinn:resource:app_ttd_subscribers'
  const mine = await own.subscribe()
  const other = await skd.subscribed({
    endPoint: `${receiver.url}/hook?key=S3CRET`,
    resourceFilter,
    typeFilter: 'never',
  })
  const path = `/resources/${resourceFilter}/subscriptions`
  const listed = await eventually('both are listed', async () => {
    const { subscriptions } = await get(path)
    return subscriptions.length === 2 && subscriptions
  })
  assert.deepEqual(listed, [
    {
      id: mine.id,
      consumer: '/org/ttd',
      endPoint: `${receiver.url}/subscribers`,
      includeSubunits: false,
      validated: true,
      circuit: { state: 'closed' },
    },
    {
      id: other.id,
      consumer: '/org/skd',
      endPoint: `${receiver.url}/hook`,
      typeFilter: 'never',
      includeSubunits: false,
      validated: true,
      circuit: { state: 'closed' },
    },
  ])
  const { subscriptions, next } = await get(`${path}?size=1`)
  assert.deepEqual([subscriptions.length, subscriptions[0].id], [1, mine.id])
  const rest = await get(String(next).replace(app.api, ''))
  assert.deepEqual([rest.subscriptions.length, rest.next], [1, null])

  receiver.behave({ status: 500 }, own.path)
  const id = await own.publish()
  const failing = await eventually('one waits', async () => {
    const [found] = (await get(path)).subscriptions
    return found.oldestWaitingSince !== undefined && found
  })
  const { accepted } = await get(`/app/ttd/subscribers/${id}`)
  assert.equal(failing.oldestWaitingSince, accepted)
})

test('a generic event is found by its publisher’s id, for who may read its resource', async () => {
  const event = { specversion: '1.0', id: 'mine', source: '/a', type: 'a', resource: REGISTRY }
  const { publish } = createGenericClient(app, tokens.skd)
  assert.equal((await publish(event)).status, 200)
  const path = `/events/mine?resource=${REGISTRY}`
  const status = await eventually('fanned out', async () => {
    const found = await get(path, tokens.skd)
    return found.fannedOut !== undefined && found
  })
  assert.deepEqual([status.event, status.deliveries], [event, []])
  assert.equal((await publish({ ...event, type: 'repeat' })).status, 200)
  assert.deepEqual(await get(path, tokens.skd), status)
})

test('everyone else is refused, and what is not there is a 404', async () => {
  const own = await createOwnApp(app, receiver, 'refused')
  const id = await own.publish()
  const none = '019b0000-0000-7000-8000-000000000000'
  const ask = (path: string, token?: string) =>
    fetch(app.api + path, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    })
  const user = await mintToken(callerClaims.user)
  const rows: [path: string, token: string | undefined, status: number][] = [
    [`/app/ttd/refused/${id}`, undefined, 401],
    [`/app/ttd/refused/${id}`, tokens.skd, 403],
    [`/app/ttd/refused/${id}`, user, 403],
    [`/app/skd/refused/${id}`, tokens.ttd, 403],
    [`/app/ttd/other/${id}`, tokens.ttd, 404],
    [`/app/ttd/refused/${none}`, tokens.ttd, 404],
    ['/app/ttd/refused/x', tokens.ttd, 404],
    [`/events/${id}?resource=urn:altinn:resource:app_ttd_refused`, tokens.skd, 403],
    [`/events/${id}?resource=urn:altinn:resource:app_ttd_refused`, tokens.ttd, 200],
    [`/events/${id}`, tokens.ttd, 400],
    [`/events/x?resource=${REGISTRY}`, tokens.ttd, 403],
    [`/events/x?resource=${REGISTRY}`, tokens.skd, 404],
    ['/resources/urn:altinn:resource:app_ttd_refused/subscriptions', undefined, 401],
    ['/resources/urn:altinn:resource:app_ttd_refused/subscriptions', tokens.skd, 403],
    [`/resources/${REGISTRY}/subscriptions`, tokens.ttd, 403],
    [`/resources/${REGISTRY}/subscriptions?after=x`, tokens.skd, 400],
    [`/resources/${REGISTRY}/subscriptions?size=0`, tokens.skd, 400],
  ]
  for (const [path, token, status] of rows) {
    const answer = await ask(path, token)
    assert.equal(answer.status, status, path)
    if (status >= 400) await assertProblem(answer, status)
  }
})
