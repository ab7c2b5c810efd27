import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { isAskedAboutSubunit, WITHDRAWN } from '../../shared/flows/check-access.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import type { AccessQuestion } from '../../shared/auth/access-question.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { lease } from './circuit-fixture.ts'
import { message as drainMessage, open } from './drain-fixture.ts'
import { eventMessage, eventOf, idOf, SECOND, startFlows } from './flow-fixture.ts'
import { inBacklog, retried } from './retry-fixture.ts'
import { RESOURCE, subscription } from './subscription-fixture.ts'

type Answer = boolean | 'none'

/** Subscription 1, permitted by a policy; `answer` is what the policy decision point says from now on. */
function startPermitted(answer: Answer, circuit?: Circuit) {
  const flows = startFlows()
  flows.store(
    subscription(1, {
      accessBy: 'policy',
      filters: { subject: '/party/1' },
      ...(circuit !== undefined && { circuit }),
    }),
  )
  const questions: AccessQuestion[] = []
  const access = { answer }
  flows.services.access.isPermitted = (question) => {
    questions.push(question)
    const { answer: now } = access
    return now === 'none' ? Promise.reject(new Error('no decision')) : Promise.resolve(now)
  }
  return { ...flows, access, questions }
}
type Permitted = ReturnType<typeof startPermitted>

function fanOut(flows: Permitted) {
  const id = idOf(1)
  flows.addEvent(eventOf(id, { pending: SECOND + 60 }))
  const message = { ...eventMessage(id), session: 'session' }
  const { traceparent } = message
  return flows.run(fanOutMessage(flows.services, message, { dequeueCount: 1, traceparent }))
}

const recordOf = (flows: Permitted, id = idOf(1)) => {
  const { state, reason } = flows.delivery(id) ?? {}
  return { state, reason }
}

test('an event is sent while its subscriber is permitted to have it, by the question of the subscription', async () => {
  const flows = startPermitted(true)
  await fanOut(flows)
  assert.equal(flows.requests.length, 1)
  assert.equal(recordOf(flows).state, 'delivered')
  const [question] = flows.questions
  assert.deepEqual(
    { ...question, who: question?.who.consumer },
    {
      who: '/org/ttd',
      action: 'subscribe',
      resource: RESOURCE,
      subject: '/party/1',
      endsDeliveries: true,
    },
  )
  assert.equal(question?.who.organisation, undefined, 'a token of its own may not have said it')
})

test('a subscription by a built-in rule asks nobody', async () => {
  const flows = startPermitted(false)
  flows.change(({ accessBy: _by, ...current }) => current)
  await fanOut(flows)
  assert.deepEqual(flows.questions, [])
  assert.equal(recordOf(flows).state, 'delivered')
})

test('a withdrawn right ends the delivery of a new event as dead, without a request', async () => {
  const flows = startPermitted(false)
  const done = await fanOut(flows)
  assert.equal(done?.subscribers, 1)
  assert.deepEqual([flows.requests, flows.recorded.deliveries], [[], ['dead']])
  assert.deepEqual(recordOf(flows), { state: 'dead', reason: WITHDRAWN })
})

test('without a decision a new event waits in the backlog, whose drain sends it when there is one', async () => {
  const flows = startPermitted('none')
  await fanOut(flows)
  assert.deepEqual(flows.requests, [])
  assert.equal(recordOf(flows).state, 'backlog')
  const sent = flows.sent.at(-1)
  assert.equal(sent?.queue, 'drainQueue')
  const drain = (token: unknown) =>
    flows.run(drainSubscription(flows.services, { ...drainMessage, token: String(token) }))
  await assert.rejects(drain(sent.message['token']), /no decision/)
  assert.equal(recordOf(flows).state, 'backlog')
  const again = flows.sent.at(-1)
  assert.equal(again?.delaySeconds, 10)
  assert.deepEqual(flows.recorded.openings, 0, 'it does not count against the subscriber')
  flows.access.answer = true
  await drain(again.message['token'])
  assert.equal(recordOf(flows).state, 'delivered')
  assert.equal(flows.delivery(idOf(1))?.attempt, 0, 'no step of the schedule is used')
})

test('a policy decision point that hangs holds a fan-out up for 2 s at most', async () => {
  const flows = startPermitted(true)
  flows.services.access.isPermitted = () => new Promise(() => {})
  await fanOut(flows)
  assert.equal(recordOf(flows).state, 'backlog')
  assert.ok(flows.seconds() <= SECOND + 3)
})

for (const ordered of [{}, { ordered: true as const }]) {
  const which = 'ordered' in ordered ? ', in order' : ''
  test(`a withdrawn right ends what waits in the backlog${which}`, async () => {
    const flows = startPermitted(false, { state: 'draining', opens: 0, lease })
    flows.change((stored) => ({ ...stored, ...ordered }))
    const ids = flows.deliveries(3, inBacklog)
    await flows.run(drainSubscription(flows.services, drainMessage))
    assert.deepEqual(flows.requests, [])
    for (const id of ids)
      assert.deepEqual(recordOf(flows, id), { state: 'dead', reason: WITHDRAWN })
  })

  test(`a withdrawn right ends what waits for an open circuit, and the probes go on to the end${which}`, async () => {
    const flows = startPermitted(false, open)
    flows.change((stored) => ({ ...stored, ...ordered }))
    const ids = flows.deliveries(5, inBacklog)
    await flows.run(drainSubscription(flows.services, drainMessage))
    assert.deepEqual(flows.requests, [])
    for (const id of ids) assert.equal(recordOf(flows, id).state, 'dead')
  })
}

for (const [answer, expected] of [
  [true, { state: 'delivered', reason: undefined }],
  [false, { state: 'dead', reason: WITHDRAWN }],
] as const)
  test(`of an event about a subunit the policy decision point is asked by itself, ${answer}: ${expected.state}`, async () => {
    const flows = startPermitted(true)
    const { subject } = eventOf(idOf(1)).event
    flows.services.register = {
      partyOf: async () => undefined,
      mainUnitsOf: async () => ['/party/900'],
    }
    flows.change(({ accessBy: _by, ...stored }) => ({
      ...stored,
      consumer: '/org/skd',
      filters: { ...stored.filters, subject: '/party/900', includeSubunits: true },
    }))
    Object.assign(flows.services.access, { decidedBy: 'policy' })
    flows.access.answer = answer
    await fanOut(flows)
    assert.deepEqual(recordOf(flows), expected)
    assert.deepEqual(
      new Set(flows.questions.map((question) => question.subject)),
      new Set([subject]),
    )
    assert.equal(flows.requests.length, Number(answer))
  })

for (const [answer, expected] of [
  [true, { state: 'delivered', reason: undefined }],
  [false, { state: 'dead', reason: WITHDRAWN }],
  ['none', { state: 'waiting', reason: undefined }],
] as const)
  test(`a retry, permitted ${answer}: ${expected.state}`, async () => {
    const flows = startPermitted(answer)
    const [id = ''] = flows.deliveries(1, retried)
    const message = { ...eventMessage(id), subscription: '1', run: 1, attempt: 2 }
    const retrying = flows.run(retryDelivery(flows.services, message, message.traceparent))
    if (answer === 'none') await assert.rejects(retrying, /no decision/)
    else await retrying
    assert.deepEqual(recordOf(flows, id), expected)
    assert.equal(flows.requests.length, Number(answer === true))
    assert.equal(flows.delivery(id)?.attempt, 2, 'no decision uses no step of the schedule')
  })

test('a right is asked for by itself for a subunit alone, of those who do not own the app, where a policy decides', () => {
  const { access } = startFlows().services
  const other = { consumer: '/org/skd', resource: RESOURCE, subject: '/party/9' }
  const asked = { ...other, includeSubunits: true }
  const isAsked = (
    subscriber: typeof other,
    about: string | undefined,
    decidedBy: 'policy' | 'grants' = 'policy',
  ) => isAskedAboutSubunit({ access: { ...access, decidedBy } }, subscriber, about)
  assert.equal(isAsked(asked, '/party/1'), true)
  assert.equal(isAsked(asked, '/party/9'), false)
  assert.equal(isAsked(asked, undefined), false)
  assert.equal(isAsked(asked, '/party/1', 'grants'), false)
  assert.equal(isAsked(other, '/party/1'), false)
  assert.equal(isAsked({ ...asked, consumer: '/org/ttd' }, '/party/1'), false)
})
