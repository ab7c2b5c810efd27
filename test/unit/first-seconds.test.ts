import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bodyOf } from '../../shared/events/event-body.ts'
import { fanOut } from '../../shared/flows/fan-out.ts'
import { replayPage } from '../../shared/flows/replay.ts'
import { validate } from '../../shared/flows/validate-subscription.ts'
import { createMatcher } from '../../shared/subscriptions/matcher.ts'
import { eventKey } from '../simulation/event-store.ts'
import { eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

test('delivers an event of the first seconds, though clocks differ and an index was read from a lagging replica', async () => {
  const flows = startFlows()
  const { validated: _validated, ...made } = subscription(1)
  flows.store({ ...made, validation: { attempt: 0, due: SECOND + 60, source: 'x' } })
  const request = { v: 1, consumer: '/org/ttd', subscription: 'document-1', attempt: 0 } as const
  assert.equal(await flows.run(validate(flows.services, request)), 'delivered')
  const replay = flows.sent.find(({ queue }) => queue === 'replayQueue')
  const subscriptionOfReplay = String(replay?.message['subscription'])
  await flows.pass(12) // an index that is 5 s old, of a replica that was 8 s behind
  const event = eventOf(idOf(1, -17), { pending: SECOND + 77 }) // by a clock that is 5 s ahead
  flows.addEvent(event)
  const index = { ...flows.services.index, current: () => Promise.resolve(createMatcher()) }
  const message = {
    event,
    body: bodyOf(event.event),
    session: undefined,
    traceparent: 'x',
    isRepeat: false,
  }
  const at = new Date((SECOND + 12) * 1000).toISOString()
  const count = await flows.run(fanOut({ ...flows.services, index }, message))
  assert.equal(count, 0)
  const key = eventKey(event)
  const { _etag = '' } = flows.containers.events.find(key) ?? {}
  flows.containers.events.replace(key, _etag, ({ pending: _pending, ...fannedOut }) => ({
    ...fannedOut,
    fanOut: { count, at },
  }))
  await flows.pass((replay?.delaySeconds ?? 0) - 12)
  const page = {
    v: 1,
    subscription: subscriptionOfReplay,
    replay: String(replay?.message['replay']),
  } as const
  await flows.run(replayPage(flows.services, page))
  assert.equal(flows.delivery(event.id)?.state, 'backlog')
})
