import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { addSlowly, deleteSubscription, startFanOut } from './fan-out-fixture.ts'
import { deliveryOf, SECOND } from './flow-fixture.ts'

type FanOut = ReturnType<typeof startFanOut>

/** Has another copy of the message create the record. */
const storeOther = ({ containers, id }: FanOut, given: Partial<DeliveryDocument>) =>
  containers.deliveries.insert(`1/${id}`, deliveryOf(id, given))

test('what arrived is not sent again where the record of another copy is not visible yet', async () => {
  const flows = startFanOut()
  storeOther(flows, { state: 'waiting', attempt: 1, due: SECOND + 70 })
  const { find } = flows.services.deliveries
  flows.services.deliveries.find = () => Promise.resolve(undefined) // a lagging replica
  await assert.rejects(flows.fanOut(), /not visible/)
  assert.notEqual(flows.event(flows.id)?.pending, undefined)
  flows.services.deliveries.find = find
  await flows.fanOut(2)
  assert.deepEqual([flows.record()?.state, flows.requests.length], ['delivered', 1])
})

test('a slow arrival ends the record of another copy, although a replica does not show it yet', async () => {
  const flows = startFanOut()
  flows.endpoint.react = () => {
    storeOther(flows, { state: 'waiting', due: SECOND + 70 })
    return { status: 200, ms: 9000 }
  }
  const { find } = flows.services.deliveries
  flows.services.deliveries.find = (subscription, event, session) =>
    session === undefined ? Promise.resolve(undefined) : find(subscription, event, session)
  await flows.fanOut()
  await flows.pass(10)
  assert.deepEqual([flows.record()?.state, flows.requests.length], ['delivered', 1])
})

test('what another copy has delivered before its subscription was deleted stays delivered', async () => {
  const flows = startFanOut()
  addSlowly(flows, () => {
    storeOther(flows, {})
    deleteSubscription(flows)
  })
  const { find } = flows.services.subscriptions
  flows.services.subscriptions.find = (...key) => {
    if (flows.record() !== undefined) {
      flows.containers.deliveries.remove(`1/${flows.id}`)
      storeOther(flows, { state: 'delivered' })
    }
    return find(...key)
  }
  await flows.fanOut()
  assert.equal(flows.record()?.state, 'delivered')
})

test('what another copy has put into the backlog of a subscription that is deleted since is cancelled, although a replica does not show it yet', async () => {
  const flows = startFanOut()
  addSlowly(flows, () => {
    storeOther(flows, {})
    deleteSubscription(flows)
  })
  const { find } = flows.services.deliveries
  flows.services.deliveries.find = (subscription, event, session) =>
    session === undefined ? Promise.resolve(undefined) : find(subscription, event, session)
  await flows.fanOut()
  assert.equal(flows.record()?.state, 'cancelled')
})
