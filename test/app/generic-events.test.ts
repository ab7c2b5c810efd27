import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { platformToken } from '../../local/tokens.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { eventually, setting, type TestStores } from '../support/stores.ts'
import {
  assertProblem,
  callerClaims,
  createSubscriptionsClient,
  minutesAgo,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'
import { BROKER as RESOURCE, granted } from './granted.ts'

const withScope = (claims: object, scope: string) => mintToken({ ...claims, scope })
const startShared = useApp(granted)
let stores: TestStores
let receiver: Receiver
let app: App
let skd: ReturnType<typeof createGenericClient>
let nav: ReturnType<typeof createGenericClient>
let ttd: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ stores, receiver, app } = await startShared())
  skd = createGenericClient(app, await withScope(callerClaims.skd, 'altinn:events.publish'))
  nav = createGenericClient(
    app,
    await withScope({ ...callerClaims.ttd, 'urn:altinn:org': 'nav' }, 'altinn:events.publish'),
  )
  ttd = createSubscriptionsClient(app, await withScope(callerClaims.ttd, 'altinn:events.subscribe'))
})
const event = (more: object = {}) => ({
  specversion: '1.0',
  id: crypto.randomUUID(),
  source: '/broker',
  type: 'no.altinn.broker.published',
  resource: RESOURCE,
  ...more,
})
const documents = async (id: string) =>
  (await stores.documents<EventDocument>('events')).filter((each) => each.eventId === id)
const done = (id: string, count = 1) =>
  eventually(`${id} is fanned out`, async () => {
    const found = await documents(id)
    return found.length === count && found.every(({ pending }) => pending === undefined) && found
  })
const arrivals = (id: string, path: string) =>
  receiver.deliveries.filter((one) => one.event?.id === id && one.path === path)

test('an event is answered 200 with an empty body, stored before that, and delivered as it is', async () => {
  await ttd.subscribed({ endPoint: `${receiver.url}/all`, resourceFilter: RESOURCE })
  const sent = event({
    subject: 'urn:altinn:organization:identifier-no:991825827',
    time: '2020-01-01T01:00:00+01:00',
    zone: 5,
    isnew: true,
    none: null,
    data: { amount: 1 },
  })
  const answer = await skd.publish(
    JSON.stringify(sent).replace('"amount":1', '"amount":12345678901234567890.10'),
  )
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), '')
  assert.equal(answer.headers.get('location'), null)
  assert.equal((await documents(sent.id)).length, 1)
  const delivery = await eventually('it arrives', () => arrivals(sent.id, '/all')[0])
  assert.equal(
    delivery.body,
    `{"specversion":"1.0","id":"${sent.id}","source":"/broker","type":"no.altinn.broker.published",` +
      `"resource":"${RESOURCE}","subject":"urn:altinn:organization:identifier-no:991825827",` +
      '"time":"2020-01-01T01:00:00+01:00","zone":"5","isnew":"true",' +
      '"datacontenttype":"application/json","data":{"amount":12345678901234567890.10}}',
  )
  const [document] = await documents(sent.id)
  assert.equal(delivery.headers['webhook-id'], document?.id)
})

test('an event that repeats another is answered 200 and delivered once, whatever else it says', async () => {
  const path = `/repeats`
  const { id: subscription } = await ttd.subscribed({
    endPoint: `${receiver.url}${path}`,
    resourceFilter: RESOURCE,
  })
  const first = event()
  assert.equal((await skd.publish(first)).status, 200)
  await done(first.id)
  for (const more of [{}, { type: 'other', subject: '/other' }])
    assert.equal((await skd.publish({ ...first, ...more })).status, 200)
  const three = await done(first.id, 3)
  const [original, ...repeats] = three.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  assert.deepEqual(
    repeats.map(({ duplicateOf }) => duplicateOf),
    [original?.id, original?.id],
  )
  assert.equal((await skd.publish({ ...first, source: '/elsewhere' })).status, 200)
  assert.equal((await nav.publish(first)).status, 200, 'another publisher has ids of its own')
  await done(first.id, 5)
  assert.equal(arrivals(first.id, path).length, 3)

  const { id: replay } = await ttd.requestJson(202, 'POST', `/${subscription}/replay`, {
    only: 'missing',
    from: minutesAgo(60),
  })
  await eventually('the replay is done', async () => {
    const { state } = await ttd.requestJson(200, 'GET', `/${subscription}/replay`)
    return state === 'done'
  })
  assert.ok(replay)
  assert.equal(arrivals(first.id, path).length, 3, 'a replay skips what repeats')
})

test('two apps are two publishers, also with the token of one user', async () => {
  const user = await mintToken(callerClaims.user)
  const key = { 'idempotency-key': crypto.randomUUID() }
  const { id } = event()
  for (const name of ['first', 'second']) {
    const platform = await platformToken(setting('TEST_ISSUER'), 'ttd', name, 3600)
    const { publish } = createGenericClient(app, user, platform)
    const sent = event({ id, resource: `urn:altinn:resource:app_ttd_${name}` })
    assert.equal((await publish(sent, key)).status, 200)
  }
  const both = await done(id, 2)
  assert.deepEqual(
    both.map(({ duplicateOf }) => duplicateOf),
    [undefined, undefined],
  )
})

test('an Idempotency-Key makes a request one event, and is its owner’s alone', async () => {
  const key = { 'idempotency-key': crypto.randomUUID() }
  const sent = event()
  assert.equal((await skd.publish(sent, key)).status, 200)
  assert.equal(
    (await skd.publish({ ...sent, id: 'new', time: '2020-01-01T00:00:00Z' }, key)).status,
    200,
  )
  await assertProblem(await skd.publish({ ...sent, type: 'other' }, key), 422)
  assert.equal((await nav.publish({ ...sent, id: 'other' }, key)).status, 200)
  await done(sent.id)
  assert.equal((await documents('new')).length, 0)
})

describe('generic subscriptions match by resource, subject and type', () => {
  const subject = 'urn:altinn:party:uuid:5a2f0d63-7e55-4f6e-8a0a-6f9f8a1f0f0a'
  const filters = {
    subject: { subjectFilter: subject },
    type: { typeFilter: 'wanted' },
    both: { subjectFilter: subject, typeFilter: 'wanted' },
  }
  before(async () => {
    for (const [name, each] of Object.entries(filters))
      await ttd.subscribed({
        endPoint: `${receiver.url}/match/${name}`,
        resourceFilter: RESOURCE.toUpperCase().replace('URN:ALTINN', 'urn:altinn'),
        ...each,
      })
  })
  const rows: [members: object, ...matching: (keyof typeof filters)[]][] = [
    [{ subject, type: 'wanted' }, 'both', 'subject', 'type'],
    [{ subject }, 'subject'],
    [{ type: 'wanted' }, 'type'],
    [{ subject: '/party/1', type: 'wanted' }, 'type'],
    [{}],
    [{ subject, type: 'wanted', resource: 'urn:altinn:resource:skd-other' }],
  ]
  for (const [members, ...matching] of rows)
    test(`${Object.keys(members).join(', ') || 'nothing'}: ${matching.join(', ') || 'none'}`, async () => {
      const sent = event(members)
      assert.equal((await skd.publish(sent)).status, 200)
      await done(sent.id)
      const got = Object.keys(filters).filter(
        (name) => arrivals(sent.id, `/match/${name}`).length > 0,
      )
      assert.deepEqual(got.toSorted(), matching.toSorted())
    })
})
