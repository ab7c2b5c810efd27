import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { draining } from './circuit-fixture.ts'
import { startDrain } from './drain-fixture.ts'
import { eventMessage, SECOND, startFlows } from './flow-fixture.ts'
import { startRetry } from './retry-fixture.ts'
import { subscription } from './subscription-fixture.ts'

for (const [held, left] of [
  [20, 4],
  [24, 1],
] as const)
  test(`a drain leaves to a subscriber what fan-outs have open: beside ${held} it has ${left}`, async () => {
    const flows = startDrain(draining)
    flows.deliveries(60)
    flows.endpoint.react = () => ({ status: 200, ms: 1000 })
    const { concurrencyLimit } = flows.services
    const releases = Array.from({ length: held }, () => concurrencyLimit.start('1'))
    flows.at(3, () => releases.forEach((release) => release()))
    const before: number[] = []
    flows.at(2, () => before.push(flows.open.max))
    await flows.drain()
    assert.deepEqual(before, [left])
  })

test('retries to two subscribers that hang leave slots of the instance to others', async () => {
  const flows = startFlows()
  for (const number of [1, 2]) flows.store(subscription(number))
  flows.endpoint.react = () => ({ status: 500, ms: 15_000 })
  const due = { state: 'waiting', due: SECOND, attempt: 1 } as const
  const messages = [1, 2].flatMap((number) =>
    flows
      .deliveries(
        30,
        { ...due, subscription: `${number}`, subscriptionId: `document-${number}` },
        100 * number,
      )
      .map((id) => ({ ...eventMessage(id), subscription: `${number}`, run: 0, attempt: 1 })),
  )
  let open = messages.length
  const all = messages.map((message) =>
    retryDelivery(flows.services, message, 'x').finally(() => open--),
  )
  let heldAfter10 = 0
  flows.at(10, () => (heldAfter10 = open))
  await flows.run(Promise.all(all))
  assert.equal(heldAfter10, 8)
})

test('a retry to a busy, quick subscriber is made, and starts no drain', async () => {
  const flows = startRetry()
  for (let open = 0; open < 20; open++) flows.services.concurrencyLimit.start('1')
  assert.deepEqual([await flows.retry(), flows.circuit()], ['delivered', undefined])
})
