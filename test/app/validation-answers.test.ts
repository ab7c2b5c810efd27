import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Behaviour } from '../../local/receiver.ts'
import { eventuallyByApi } from '../support/subscriber.ts'
import { scaleTimeout } from '../support/time-limits.ts'
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
  REPAIR_SECONDS,
  request,
  useValidatingApp,
  VALIDATION,
  validations,
} from './validation-fixture.ts'

before(useValidatingApp())

// What an endpoint may answer to the validation event, and what follows.
describe('an endpoint under validation', { concurrency: true }, () => {
  for (const status of [200, 201, 202, 204, 299])
    test(`is validated by a ${status}`, async () => {
      answerInOrder(`ok-${status}`, { status })
      const { id } = await client.subscribed(request(`ok-${status}`))
      assert.equal((await client.read(id)).validationFailure, undefined)
    })

  const refusals: [what: string, behaviour: Behaviour | (() => Behaviour), reason: RegExp][] = [
    ['301', () => ({ status: 301, headers: { location: `${receiver.url}/ok` } }), /^answered 301$/],
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
      answerInOrder(name, typeof behaviour === 'function' ? behaviour() : behaviour)
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
    answerInOrder('recovers', { status: 500 }, { status: 503 }, {})
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
    answerInOrder('patient', { status: 503, headers: { 'retry-after': '3' } }, {})
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
      answerInOrder(name, behaviour, {})
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
})
