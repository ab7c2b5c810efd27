import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import { WITHDRAWN } from '../../shared/flows/check-access.ts'
import { deliveryDetails } from '../../shared/flows/delivery-details.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { pauseSubscription } from '../../shared/flows/pause-subscription.ts'
import {
  deliveryResource,
  pageOfDeliveries,
  requireDelivery,
  subjectVisibility,
} from '../../shared/flows/read-deliveries.ts'
import { redeliver } from '../../shared/flows/redeliver.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { RESOURCE, subscription } from './subscription-fixture.ts'

function startWithdrawn() {
  const flows = startFlows()
  flows.store(subscription(1, { accessBy: 'policy' })) // any subject of the resource
  flows.services.access.isPermitted = () => Promise.resolve(false)
  const read = () => {
    const found = flows.subscription()
    if (!isSubscription(found)) throw new Error('none')
    return found
  }
  const publish = async () => {
    const id = idOf(1)
    flows.addEvent(eventOf(id, { pending: SECOND + 60 }))
    const message = { ...eventMessage(id), session: 'session' }
    const { traceparent } = message
    await flows.run(fanOutMessage(flows.services, message, { dequeueCount: 1, traceparent }))
    return id
  }
  return { ...flows, read, publish }
}

test('nobody without the right is told whom an event is about when it is sent again', async () => {
  const flows = startWithdrawn()
  const id = await flows.publish()
  const dead = await flows.run(requireDelivery(flows.services, '1', id))
  assert.equal(dead.reason, WITHDRAWN)
  const anew = await flows.run(redeliver(flows.services, dead))
  assert.ok(anew)
  const isShown = await flows.run(subjectVisibility(flows.services, flows.read()))
  assert.equal(deliveryResource(anew, isShown(anew)).subject, undefined)
})

test('a paused subscription without the right is not told whom new events are about', async () => {
  const flows = startWithdrawn()
  await flows.run(pauseSubscription(flows.services, flows.read()))
  const id = await flows.publish()
  const query = new URLSearchParams()
  const page = await flows.run(pageOfDeliveries(flows.services, flows.read(), query))
  const details = await flows.run(deliveryDetails(flows.services, flows.read(), id))
  assert.ok(!('cloudEvent' in details))
  assert.deepEqual([page.deliveries[0]?.subject, details.subject], [undefined, undefined])
})

test('a list does not tell which subunit a delivery is about that a policy must permit; what has arrived has told it', async () => {
  const flows = startFlows()
  const filters = { resource: RESOURCE, subject: '/party/9', includeSubunits: true as const }
  const asked = { ...subscription(1, {}), consumer: '/org/skd', filters }
  Object.assign(flows.services.access, { decidedBy: 'policy' })
  const isShown = await flows.run(subjectVisibility(flows.services, asked))
  const about = (subject: string) => isShown({ ...newDelivery(eventOf(idOf(1)), asked), subject })
  assert.deepEqual([about('/party/1'), about('/party/9')], [false, true])
})
