import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sweepDeliveries } from '../../shared/flows/sweep-deliveries.ts'
import { sweepEvents } from '../../shared/flows/sweep-events.ts'
import { sweepSubscriptions } from '../../shared/flows/sweep-subscriptions.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { eventOf, idOf, SECOND, startFlows, timeOfSecond } from './flow-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

const END_MS = (SECOND + 20) * 1000

test('claims and sends events whose fan-out is overdue, and no others', async () => {
  const flows = startFlows()
  const [first, again, early, done] = [1, 2, 3, 4].map((count) => idOf(count))
  flows.addEvent(eventOf(first ?? '', { pending: SECOND }))
  flows.addEvent(eventOf(again ?? '', { pending: SECOND - 900, redrives: 3 }))
  flows.addEvent(eventOf(early ?? '', { pending: SECOND + 2 }))
  flows.addEvent(eventOf(done ?? ''))
  assert.equal(await flows.run(sweepEvents(flows.services, END_MS)), 2)
  assert.deepEqual(flows.sent.map(({ message }) => String(message['event'])).toSorted(), [
    first,
    again,
  ])
  for (const { queue, message, delaySeconds } of flows.sent) {
    assert.deepEqual([queue, delaySeconds], ['inboundQueue', 0])
    assert.equal(typeof message['session'], 'string')
  }
  const [claimed, later] = [flows.event(first ?? ''), flows.event(again ?? '')]
  assert.deepEqual([claimed?.pending, claimed?.redrives], [SECOND + 60, 1])
  assert.deepEqual([later?.pending, later?.redrives], [SECOND + 480, 4])
  assert.equal(flows.event(early ?? '')?.pending, SECOND + 2)
})

test('claims and sends due deliveries, and no others', async () => {
  const flows = startFlows()
  const [first = ''] = flows.deliveries(
    1,
    { state: 'waiting', due: SECOND, run: 2, attempt: 3 },
    50,
  )
  const [again = ''] = flows.deliveries(1, { state: 'waiting', due: SECOND - 5, redrives: 1 }, 40)
  flows.deliveries(1, { state: 'waiting', due: SECOND + 2 }, 30)
  flows.deliveries(1, {}, 20)
  assert.equal(await flows.run(sweepDeliveries(flows.services, END_MS)), 2)
  const asked = flows.sent.map(({ queue, message: { event, run, attempt, subscription: of } }) =>
    [queue, event, run, attempt, of].join(' '),
  )
  assert.deepEqual(asked.toSorted(), [`retryQueue ${first} 2 3 1`, `retryQueue ${again} 0 0 1`])
  assert.ok(flows.sent.every(({ message }) => typeof message['delivery'] === 'string'))
  const [claimed, later] = [flows.delivery(first), flows.delivery(again)]
  assert.deepEqual([claimed?.due, claimed?.redrives, claimed?.attempt], [SECOND + 60, 1, 3])
  assert.deepEqual([later?.due, later?.redrives], [SECOND + 120, 2])
})

test('one of two sweeps sends what it claimed', async () => {
  const flows = startFlows()
  flows.addEvent(eventOf(idOf(1), { pending: SECOND }))
  flows.deliveries(3, { state: 'waiting', due: SECOND }, 60)
  flows.store(subscription(1, { circuit: draining(SECOND) }))
  const sweeps = [sweepEvents, sweepDeliveries, sweepSubscriptions].flatMap((sweep) => [
    sweep,
    sweep,
  ])
  const sent = await flows.run(Promise.all(sweeps.map((sweep) => sweep(flows.services, END_MS))))
  assert.deepEqual(
    [0, 2, 4].map((index) => (sent[index] ?? 0) + (sent[index + 1] ?? 0)),
    [1, 3, 1],
  )
  assert.equal(flows.sent.length, 5)
})

const draining = (until: number): Circuit => ({
  state: 'draining',
  opens: 1,
  lease: { token: 'old', until },
})
const validation = (due: number) => ({ attempt: 2, due, source: 'https://h/subscriptions/1' })

async function sweepOne(given: Parameters<typeof subscription>[1]) {
  const flows = startFlows()
  flows.store(subscription(1, given))
  const redriven = await flows.run(sweepSubscriptions(flows.services, END_MS))
  const found = flows.subscription()
  assert.ok(isSubscription(found))
  return { flows, redriven, found, queues: flows.sent.map(({ queue }) => queue) }
}

test('an open circuit that is due becomes a probe, and starts its drain', async () => {
  const circuit: Circuit = {
    state: 'open',
    opens: 2,
    failingSince: timeOfSecond(SECOND - 100),
    reason: 'x',
    lease: { token: 'old', until: SECOND },
  }
  const { flows, redriven, found } = await sweepOne({ circuit })
  assert.equal(redriven, 1)
  assert.ok(found.circuit?.state === 'half-open' && found.circuit.probes === 3)
  const { token, until } = found.circuit.lease
  assert.ok(token !== 'old' && until >= SECOND + 30 && until <= SECOND + 31)
  const [drain] = flows.sent
  assert.deepEqual([drain?.queue, drain?.delaySeconds, flows.sent.length], ['drainQueue', 0, 1])
  const { session, ...said }: Record<string, unknown> = drain?.message ?? {}
  assert.deepEqual(said, { v: 1, consumer: '/org/ttd', subscription: 'document-1', token })
  assert.equal(typeof session, 'string')
})

test('passes on a drain whose lease expired, in its state', async () => {
  const { found, queues } = await sweepOne({ circuit: draining(SECOND) })
  assert.equal(found.circuit?.state, 'draining')
  assert.deepEqual(queues, ['drainQueue'])
})

test('sends a lost validation message again, and sets its next time', async () => {
  const { flows, found, queues } = await sweepOne({
    validated: undefined,
    validation: validation(SECOND),
  })
  assert.deepEqual(queues, ['validationQueue'])
  assert.deepEqual(found.validation, validation(SECOND + 60))
  assert.deepEqual([flows.sent[0]?.message['attempt'], flows.sent[0]?.delaySeconds], [2, 0])
  assert.equal(found.due, SECOND + 60)
})

test('redrives each part of a subscription at its own time', async () => {
  const cancellation = {
    deleted: [{ number: 7, since: SECOND }],
    lease: { token: 'old', until: SECOND + 50 },
  }
  const { found, queues } = await sweepOne({
    circuit: draining(SECOND + 50),
    cancellation,
    validation: validation(SECOND),
  })
  assert.deepEqual(queues, ['validationQueue'])
  assert.deepEqual(found.circuit, draining(SECOND + 50))
  assert.deepEqual(found.cancellation, cancellation)
  const other = await sweepOne({
    circuit: draining(SECOND),
    cancellation,
    validation: validation(SECOND + 50),
  })
  assert.deepEqual(other.queues, ['drainQueue'])
  assert.deepEqual(
    [other.found.cancellation, other.found.validation],
    [cancellation, validation(SECOND + 50)],
  )
  const over = { ...cancellation, lease: { token: 'old', until: SECOND } }
  const third = await sweepOne({ circuit: draining(SECOND + 50), cancellation: over })
  assert.deepEqual(third.queues, ['drainQueue'])
  assert.deepEqual(third.found.circuit, draining(SECOND + 50))
  assert.equal(third.flows.sent[0]?.message['token'], third.found.cancellation?.lease.token)
  assert.notEqual(third.found.cancellation?.lease.token, 'old')
  assert.deepEqual(third.found.cancellation?.deleted, cancellation.deleted)
})

test('redrives nothing before its time', async () => {
  const { redriven, queues } = await sweepOne({
    circuit: draining(SECOND + 2),
    validation: validation(SECOND + 2),
  })
  assert.deepEqual([redriven, queues], [0, []])
})

test('cancels for a deleted subscription after its lease expired', async () => {
  const flows = startFlows()
  const lease = { token: 'old', until: SECOND - 1 }
  flows.store({
    ...tombstone(1),
    cancellation: { deleted: [{ number: 1, since: SECOND - 200 }], lease },
  })
  assert.equal(await flows.run(sweepSubscriptions(flows.services, END_MS)), 1)
  const left = flows.subscription()
  assert.ok(left !== undefined && left.cancellation !== undefined)
  assert.deepEqual(
    flows.sent.map(({ queue, message }) => [queue, message['token']]),
    [['drainQueue', left.cancellation.lease.token]],
  )
  assert.ok(left.cancellation.lease.until >= SECOND + 30)
})

test('refreshes the instance’s index after its own change', async () => {
  const flows = startFlows()
  flows.store(subscription(1, { circuit: draining(SECOND) }))
  const token = async () => {
    const circuit = (await flows.run(flows.services.index.current())).get(1)?.circuit
    return circuit?.state === 'draining' ? circuit.lease.token : undefined
  }
  assert.equal(await token(), 'old')
  await flows.run(sweepSubscriptions(flows.services, END_MS))
  assert.notEqual(await token(), 'old')
})
