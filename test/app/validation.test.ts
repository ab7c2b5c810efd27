import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver, type Behaviour, type Delivery } from '../../local/receiver.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { startApp } from '../support/app.ts'
import {
  createSubscriptionsClient,
  callerClaims,
  eventuallyByApi,
  mintToken,
  type Subscription,
} from '../support/subscriber.ts'
import { createTestStores, eventually } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'

const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
after(() => receiver.stop())
const REPAIR_SECONDS = 2
const app = await startApp(stores, { settings: { REPAIR_AFTER_SECONDS: String(REPAIR_SECONDS) } })
after(app.stop)
const client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))

const VALIDATION = 'platform.events.validatesubscription'
const request = (name: string) => ({
  endPoint: `${receiver.url}/${name}`,
  resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
  typeFilter: name, // the events of each test are its own
})
// It gets every event, for tests of who does not.
await client.subscribed({ ...request('valid'), typeFilter: undefined })

const got = (name: string) => receiver.deliveries.filter(({ path }) => path === `/${name}`)
const validations = (name: string) => got(name).filter(({ event }) => event?.type === VALIDATION)
const publish = async (type: string): Promise<string> =>
  String(await (await app.publish({ ...exampleEvent, type })).json())
const arrival = (name: string, id: string): Promise<Delivery> =>
  receiver.waitFor(({ path, event }) => path === `/${name}` && event?.id === id, scaleTimeout(10))

/** Answers the validation events on a path with these in turn, from then on with the last of them. */
function answerInTurn(name: string, ...behaviours: Behaviour[]): void {
  let count = 0
  receiver.behave(
    () => ({ ...behaviours[Math.min(count++, behaviours.length - 1)], validationToo: true }),
    `/${name}`,
  )
}
async function documentOf(id: number): Promise<SubscriptionDocument | undefined> {
  const documents = await stores.documents<SubscriptionDocument>('subscriptions') // none is deleted here
  return documents.find(({ number }) => number === id)
}
/** How many an event was fanned out to. */
const subscribersOf = (event: string): Promise<number> =>
  eventually(`${event} fanned out`, async () => {
    const documents = await stores.documents<EventDocument>('events')
    return documents.find(({ id }) => id === event)?.fanOut?.count
  })
/** Asserts that a time of the app is between `began`, in ms of the epoch, and now. */
function assertBetween(began: number, time = ''): void {
  assert.ok(Date.parse(time) >= began && Date.parse(time) <= Date.now(), time)
}
const failure = (id: number): Promise<Subscription> =>
  eventuallyByApi('the failure shows', async () => {
    const found = await client.read(id)
    return found.validationFailure !== undefined && found
  })

test('the sweep repairs a validation whose message was lost', async () => {
  answerInTurn('lost', { status: 500 }, {})
  const { id } = await client.subscribe(request('lost'))
  await eventually('the first attempt', () => validations('lost').length > 0)
  const stopLosing = stores.loseMessages('subscription-validation')
  await failure(id)
  await sleep(1500)
  await stopLosing()
  assert.equal(validations('lost').length, 1, 'the message that was lost would have come by now')
  await eventuallyByApi('validated', async () => {
    await app.runTimer('sweep-subscriptions')
    await sleep(800)
    return (await client.read(id)).validated
  })
  assert.equal(validations('lost').length, 2)
})

describe('an endpoint under validation', { concurrency: true }, () => {
  test('gets exactly the members that the original sends, signed', async () => {
    const { id, secret = '' } = await client.subscribed(request('bytes'))
    const [sent, ...others] = got('bytes')
    assert.ok(sent !== undefined && others.length === 0)
    assert.equal(sent.headers['content-type'], 'application/json; charset=utf-8')
    const source = `${app.api}/subscriptions/${id}`
    const { id: eventId = '' } = sent.event ?? {}
    assert.match(eventId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    const members = { specversion: '1.0', id: eventId, source, type: VALIDATION }
    assert.equal(sent.body, JSON.stringify(members))
    assert.equal(sent.headers['webhook-id'], eventId)
    new Webhook(secret).verify(sent.body, sent.headers) // throws where it does not verify
  })

  for (const status of [200, 201, 202, 204, 299])
    test(`is validated by a ${status}`, async () => {
      answerInTurn(`ok-${status}`, { status })
      const { id } = await client.subscribed(request(`ok-${status}`))
      assert.equal((await client.read(id)).validationFailure, undefined)
    })

  const refusals: [what: string, behaviour: Behaviour, reason: RegExp][] = [
    ['301', { status: 301, headers: { location: `${receiver.url}/ok` } }, /^answered 301$/],
    ['400', { status: 400 }, /^answered 400$/],
    ['410', { status: 410 }, /^410$/],
    ['disable', { headers: { 'webhook-delivery': 'disable' } }, /^disabled by webhook-delivery/],
    ['503', { status: 503, body: 'x'.repeat(9000) }, /^answered 503$/],
    ['a reset', { does: 'reset' }, /^reset: /],
  ]
  for (const [what, behaviour, reason] of refusals)
    test(`is not validated by ${what}, and its owner sees why`, async () => {
      const name = `no-${what.replace(' ', '-')}`
      const began = Date.now()
      answerInTurn(name, behaviour)
      const { id } = await client.subscribe(request(name))
      const { validated, validationFailure } = await failure(id)
      assert.equal(validated, false)
      assert.match(validationFailure?.reason ?? '', reason)
      assertBetween(began, validationFailure?.at)
      const event = await publish(name)
      await arrival('valid', event) // it is fanned out: who gets it is known
      assert.deepEqual((await client.deliveries(id)).deliveries, [], `${event} is not for it`)
      assert.ok(got(name).every((one) => one.event?.type === VALIDATION))
    })

  test('is retried after 1 s and 5 s, and validated as soon as it recovers', async () => {
    answerInTurn('recovers', { status: 500 }, { status: 503 }, {})
    const { id } = await client.subscribe(request('recovers'))
    const last = await eventuallyByApi('two failures', async () => {
      const { validationFailure } = await failure(id)
      return validationFailure?.reason === 'answered 503' && client.read(id)
    })
    assert.equal(last.validated, false)
    const { due = 0, failedAt = '' } = (await documentOf(id))?.validation ?? {}
    assert.equal((await client.validated(id)).validationFailure, undefined)
    const [first = 0, second = 0, third = 0, ...others] = validations('recovers').map(({ at }) =>
      at.getTime(),
    )
    assert.deepEqual(others, [])
    assert.ok(second - first >= 1000 && second - first < scaleTimeout(2500), `${second - first} ms`)
    assert.ok(third - second >= 5000, `${third - second} ms`)
    assert.ok(due - Math.floor(Date.parse(failedAt) / 1000) - REPAIR_SECONDS <= 6, 'and no later')
  })

  test('is tried again no sooner than it asks for with Retry-After', async () => {
    answerInTurn('patient', { status: 503, headers: { 'retry-after': '3' } }, {})
    const { id } = await client.subscribe(request('patient'))
    await client.validated(id)
    const [first = 0, second = 0] = validations('patient').map(({ at }) => at.getTime())
    assert.ok(second - first >= 3000, `${second - first} ms`)
  })

  for (const [what, behaviour] of [
    ['410', { status: 410 }],
    ['webhook-delivery: disable', { status: 503, headers: { 'webhook-delivery': 'disable' } }],
  ] satisfies [string, Behaviour][])
    test(`is not tried again once it has answered ${what}, but when its owner asks`, async () => {
      const name = `ends-${behaviour.status}`
      answerInTurn(name, behaviour, {})
      const { id } = await client.subscribe(request(name))
      await failure(id)
      const { validation } = (await documentOf(id)) ?? {}
      assert.equal(validation?.due, undefined)
      await sleep(1500) // the wait of the first step
      await app.runTimer('sweep-subscriptions')
      assert.equal(validations(name).length, 1)
      await client.subscribe(request(name))
      await client.validated(id)
    })

  test('is tried at once when its owner asks for the subscription again', async () => {
    answerInTurn('again', { status: 500 }, { status: 500 }, { status: 500 }, {})
    const { id } = await client.subscribe(request('again'))
    await eventually('three attempts', () => validations('again').length === 3)
    assert.equal((await client.subscribe(request('again'))).id, id)
    await client.validated(id)
    const [, , third = 0, fourth = 0] = validations('again').map(({ at }) => at.getTime())
    assert.ok(fourth - third < 10_000, `${fourth - third} ms, as if nobody had asked`)
  })

  test('stays validated when its owner subscribes again, and gets the validation event again', async () => {
    const { id } = await client.subscribed(request('twice'))
    const since = Date.now()
    const answer = await client.subscribe(request('twice'))
    assert.deepEqual([answer.id, answer.validated], [id, true])
    await eventually('a second event', () => validations('twice').length === 2)
    assert.equal((await client.read(id)).validated, true)
    const { validated = '' } = (await documentOf(id)) ?? {}
    assert.ok(Date.parse(validated) < since, 'no event in between is missed')
  })

  test('is validated although its secret is rotated meanwhile', async () => {
    answerInTurn('rotated', { delayMs: 1000 })
    const { id } = await client.subscribe(request('rotated'))
    await eventually('the validation event', () => validations('rotated').length === 1)
    await client.requestJson(200, 'POST', `/${id}/secret`)
    await client.validated(id, 6)
    assert.equal(validations('rotated').length, 1)
  })

  test('gets no event from before its validation, and every later one', async () => {
    answerInTurn('since', { status: 500 })
    const { id } = await client.subscribe(request('since'))
    await failure(id)
    const before = await publish('since')
    answerInTurn('since', {})
    await client.validated(id)
    const later = await publish('since')
    await arrival('since', later)
    await eventuallyByApi(
      'what was missed while indexes did not know it is looked for',
      async () => {
        const replays = await stores.documents<{ id: string; subscription: string; state: string }>(
          'replays',
        )
        const mine = replays.find(({ subscription }) => subscription === String(id))
        return mine?.state === 'done'
      },
      20,
    )
    const { deliveries } = await client.deliveries(id)
    assert.deepEqual(
      deliveries.map(({ event }) => event),
      [later],
      `${before} is not among them`,
    )
  })

  test('that was disabled by a 410 is enabled when its owner subscribes again and it validates', async () => {
    const { id } = await client.subscribed(request('gone'))
    receiver.behave({ status: 410 }, '/gone')
    const began = Date.now()
    await arrival('gone', await publish('gone'))
    const { reason, since } = await eventuallyByApi('disabled', async () => {
      const { circuit } = await client.read(id)
      return circuit.state === 'disabled' && circuit
    })
    assert.equal(reason, '410')
    assertBetween(began, since)

    const missed = await eventuallyByApi(
      'an event that is for nobody but the one that gets all',
      async () => {
        const event = await publish('gone') // the first may come before the index knows
        return (await subscribersOf(event)) === 1 && event
      },
    )
    answerInTurn('gone', { status: 500 }, {})
    const again = await client.subscribe(request('gone'))
    assert.equal(again.id, id)
    const failed = await failure(id)
    assert.equal(failed.circuit.state, 'disabled', 'being asked for is not enough')
    await eventuallyByApi(
      'enabled',
      async () => (await client.read(id)).circuit.state !== 'disabled',
    )
    const { headers } = await arrival('gone', await publish('gone'))
    assert.ok(headers['webhook-signature'])
    assert.equal(
      got('gone').some(({ event }) => event?.id === missed),
      false,
    )
  })
})
