import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { eventuallyByApi } from '../support/subscriber.ts'
import { referenceTo, type EventDocument } from '../../shared/events/event-document.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { replayFirstSeconds, replayOf } from '../support/stored-work.ts'
import { eventually } from '../support/stores.ts'
import {
  answerInOrder,
  app,
  arrival,
  assertBetween,
  client,
  documentOf,
  failure,
  got,
  publish,
  receiver,
  request,
  stores,
  useValidatingApp,
  VALIDATION,
  validations,
} from './validation-fixture.ts'

before(useValidatingApp())

/** How many an event was fanned out to. */
const subscribersOf = (event: string): Promise<number> =>
  eventually(`${event} fanned out`, async () => {
    const documents = await stores.documents<EventDocument>('events')
    return documents.find(({ id }) => id === event)?.fanOut?.count
  })

test('the sweep repairs a validation whose message was lost', async () => {
  answerInOrder('lost', { status: 500 }, { status: 500 }, {})
  const { id } = await client.subscribe(request('lost'))
  await eventually('the second attempt', () => validations('lost').length === 2)
  const stopLosing = stores.loseMessages('subscription-validation') // the third is 5 s later
  await eventually('its outcome', async () => (await documentOf(id))?.validation?.attempt === 2)
  await sleep(1500)
  await stopLosing()
  assert.equal(await stores.countMessages('subscription-validation'), 0)
  assert.equal(validations('lost').length, 2)
  await eventuallyByApi('validated', async () => {
    await app.runTimer('sweep-subscriptions')
    await sleep(800)
    return (await client.read(id)).validated
  })
  assert.equal(validations('lost').length, 3)
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

  test('is tried at once when its owner asks for the subscription again', async () => {
    answerInOrder('again', { status: 503, headers: { 'retry-after': '600' } }, {})
    const { id } = await client.subscribe(request('again'))
    await failure(id)
    assert.equal((await client.subscribe(request('again'))).id, id)
    await client.validated(id)
    assert.equal(validations('again').length, 2)
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
    answerInOrder('rotated', { delayMs: 1000 })
    const { id } = await client.subscribe(request('rotated'))
    await eventually('the validation event', () => validations('rotated').length === 1)
    await client.requestJson(200, 'POST', `/${id}/secret`)
    await client.validated(id, 6)
    assert.equal(validations('rotated').length, 1)
  })

  test('gets no event from before its validation, and every later one', async () => {
    answerInOrder('since', { status: 500 })
    const { id } = await client.subscribe(request('since'))
    await failure(id)
    const earlier = await publish('since')
    answerInOrder('since', {})
    await client.validated(id)
    const later = await publish('since')
    await arrival('since', later)
    await replayFirstSeconds(stores, id)
    await eventually(
      'what was missed while indexes did not know it is looked for',
      async () => (await replayOf(stores, id)).state === 'done',
    )
    const { deliveries } = await client.deliveries(id)
    assert.deepEqual(
      deliveries.map(({ event }) => event),
      [later],
      `${earlier} is not among them`,
    )
  })

  test('that was disabled by a 410 is enabled when its owner subscribes again and it validates', async () => {
    const { id } = await client.subscribed(request('gone'))
    const { fanOut: _done, ...late } = documentAt(Date.now(), { type: 'gone' })
    await store(stores, [{ ...late, pending: Date.now() / 1000 + 600 }])
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
    answerInOrder('gone', { status: 500 }, {})
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
    await stores.send('events-inbound', referenceTo(late, undefined))
    assert.equal(
      await subscribersOf(late.id),
      2,
      'it is from before the disabling, and fanned out after the enabling',
    )
  })
})
