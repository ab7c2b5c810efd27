import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { pauseSubscription, resumeSubscription } from '../../shared/flows/pause-subscription.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { draining, since } from './circuit-fixture.ts'
import { message, startDrain } from './drain-fixture.ts'
import { startFlows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

for (const ordered of [false, true])
  for (const pauseMs of [1000, 10_000])
    test(`a pause of ${pauseMs} ms that is resumed sends nothing twice, ordered ${ordered}`, async () => {
      const flows = startDrain(draining)
      if (ordered) flows.change((stored) => ({ ...stored, ordered: true as const }))
      flows.deliveries(100)
      flows.endpoint.react = () => ({ status: 200, ms: 14_000 }) // slow, within the 15 s that it has
      const { services } = flows
      const read = () => {
        const found = flows.subscription()
        if (!isSubscription(found)) throw new Error('none')
        return found
      }
      const first = drainSubscription(services, message)
      const owner = async () => {
        await services.clock.timeout(100).ended
        await pauseSubscription(services, read())
        await services.clock.timeout(pauseMs).ended
        await resumeSubscription(services, read())
        const last = flows.sent.at(-1)
        assert.equal(last?.queue, 'drainQueue', 'the drain begins when the one before has ended')
        await services.clock.timeout((last?.delaySeconds ?? 0) * 1000).ended
        await drainSubscription(services, { ...message, token: String(last?.message['token']) })
      }
      await flows.run(Promise.all([first, owner()]))
      const times = Map.groupBy(flows.requests, ({ event }) => event)
      const twice = [...times].filter(([, requests]) => requests.length > 1).length
      assert.equal(twice, 0, `${twice} of ${times.size} events were sent twice`)
    })

for (const [what, given] of [
  ['not validated', { validated: undefined }],
  ['disabled', { circuit: { state: 'disabled', reason: '410', since } }],
] as const)
  test(`a subscription that is ${what} is neither paused nor resumed`, async () => {
    const flows = startFlows()
    flows.store(subscription(1, given))
    const found = flows.subscription()
    assert.ok(isSubscription(found))
    for (const change of [pauseSubscription, resumeSubscription])
      await assert.rejects(flows.run(change(flows.services, found)), { status: 409 })
    assert.deepEqual(flows.subscription(), found)
  })

test('a subscription that is deleted while its pause is written is not found', async () => {
  const flows = startFlows()
  flows.store(subscription(1))
  const read = flows.subscription()
  assert.ok(isSubscription(read))
  flows.containers.subscriptions.remove('/org/ttd/document-1')
  await assert.rejects(flows.run(pauseSubscription(flows.services, read)), { status: 404 })
})
