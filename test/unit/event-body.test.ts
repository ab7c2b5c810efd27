import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf, withBody } from '../../shared/events/event-body.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

test('the subscribers of an event are sent the same bytes, not a copy each', async () => {
  const flows = startFlows()
  const id = idOf(1, 10)
  const event = eventOf(id, { pending: SECOND + 60 })
  flows.addEvent(event)
  for (const number of [1, 2, 3]) flows.store(subscription(number))
  const bodies: (string | Buffer)[] = []
  const webhook: typeof flows.services.webhook = {
    ...flows.services.webhook,
    post(url, body, headers) {
      bodies.push(body)
      return flows.services.webhook.post(url, body, headers)
    },
  }
  const message = eventMessage(id)
  const { traceparent } = message
  const services = { ...flows.services, webhook }
  await flows.run(fanOutMessage(services, message, { dequeueCount: 1, traceparent }))
  assert.equal(bodies.length, 3)
  assert.equal(new Set(bodies).size, 1)
  assert.deepEqual(bodies[0], bodyOf(event.event))
})

test('a buffered event has its data in the body alone', () => {
  const event = eventOf(idOf(1, 10))
  for (const data of [{ data: { a: 'æ' } }, { data_base64: 'AA==' }]) {
    const stored = { ...event, event: { ...event.event, ...data }, _etag: 'x', _ts: 1 }
    const { event: document, body } = withBody(stored)
    assert.deepEqual(JSON.parse(body.toString()), stored.event)
    const [member = ''] = Object.keys(data)
    assert.ok(!(member in document.event))
    assert.equal(document.event.type, event.event.type)
  }
})
