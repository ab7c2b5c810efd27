import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { eventStatus } from '../../shared/flows/event-status.ts'
import { disabled } from '../../shared/subscriptions/circuit-breaker.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { deliveryOf, SECOND } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

test('the delivery of a subunit’s event is there when the main unit’s subscription is disabled since', async () => {
  mock.timers.enable({ apis: ['Date'], now: SECOND * 1000 }) // an id of the future names nothing
  const flows = startFanOut()
  flows.services.register = {
    partyOf: () => Promise.resolve(undefined),
    mainUnitsOf: () => Promise.resolve(['/party/9']),
  }
  const filters = { subject: '/party/9', includeSubunits: true as const }
  flows.store(subscription(2, { filters, circuit: disabled('410', 0, 'token') }))
  const delivery = deliveryOf(flows.id, { subscription: '2', state: 'dead', reason: '410' })
  flows.containers.deliveries.insert(`2/${flows.id}`, delivery)
  const { resource } = delivery
  const { deliveries } = await flows.run(eventStatus(flows.services, resource, flows.id))
  assert.deepEqual(
    deliveries.map(({ subscription: number, state }) => [number, state]),
    [[2, 'dead']],
  )
})
