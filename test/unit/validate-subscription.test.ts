import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestValidation, validate } from '../../shared/flows/validate-subscription.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { SECOND, startFlows, timeOfSecond } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

const source = 'https://h/subscriptions/1'

/** One attempt, the third, at an endpoint that answers like this. */
async function attempt(answer: { status: number; retryAfter?: string; disable?: boolean }) {
  const flows = startFlows()
  flows.endpoint.react = () => answer
  const validation = { attempt: 2, due: SECOND + 60, source }
  flows.store(subscription(1, { validated: undefined, validation }))
  const message = { v: 1, consumer: '/org/ttd', subscription: 'document-1', attempt: 2 } as const
  const outcome = await flows.run(validate(flows.services, message))
  const found = flows.subscription()
  assert.ok(isSubscription(found))
  const sent = flows.sent.filter(({ queue }) => queue === 'validationQueue')
  return { outcome, found, delays: sent.map(({ delaySeconds }) => delaySeconds) }
}

test('a validation is tried again after the wait of its step, or after Retry-After where that is longer', async () => {
  const rows: [answer: Parameters<typeof attempt>[0], seconds: number][] = [
    [{ status: 503 }, 10],
    [{ status: 503, retryAfter: '9' }, 10],
    [{ status: 503, retryAfter: '300' }, 300],
    [{ status: 400, retryAfter: '90000' }, 86_400],
    [{ status: 429 }, 60],
    [{ status: 429, retryAfter: '61' }, 61],
  ]
  for (const [answer, seconds] of rows) {
    const { outcome, found, delays } = await attempt(answer)
    assert.deepEqual([outcome, delays], ['failed', [seconds]])
    assert.equal(found.validation?.attempt, 3)
    assert.equal(found.validation.due, SECOND + seconds + 60) // when the sweep sends it, were the message lost
  }
})

test('410, or webhook-delivery: disable on any status, ends the validation at once', async () => {
  for (const answer of [
    { status: 410 },
    { status: 410, retryAfter: '5' },
    { status: 503, disable: true },
    { status: 200, disable: true },
  ]) {
    const { outcome, found, delays } = await attempt(answer)
    assert.deepEqual([outcome, delays], ['gone', []])
    const { failedAt = '', ...validation } = found.validation ?? {}
    const failure = answer.disable ? 'disabled by webhook-delivery header' : '410'
    assert.deepEqual(validation, { attempt: 2, source, failure })
    assert.ok(failedAt >= timeOfSecond(SECOND))
    assert.equal(found.validated, undefined)
  }
})

for (const [number, status] of [
  [8, 500],
  [3, 410],
] as const)
  test(`a ${status} of attempt ${number} does not give up what the owner has started over meanwhile`, async () => {
    const flows = startFlows()
    flows.endpoint.react = () => ({ status, ms: 5000 })
    const validation = { attempt: number, due: SECOND + 60, source }
    flows.store(subscription(1, { validated: undefined, validation }))
    const message = { v: 1, consumer: '/org/ttd', subscription: 'document-1' } as const
    const startOver = async () => {
      await flows.services.clock.timeout(1000).ended
      const found = await flows.services.subscriptions.find('/org/ttd', 'document-1')
      assert.ok(isSubscription(found))
      await requestValidation(flows.services, found, 'https://h')
    }
    await flows.run(
      Promise.all([validate(flows.services, { ...message, attempt: number }), startOver()]),
    )
    flows.endpoint.react = () => ({ status: 200 })
    const again = validate(flows.services, { ...message, attempt: 0 })
    assert.equal(await flows.run(again), 'delivered')
  })
