import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { storeAndUpdateCircuit } from '../../shared/flows/update-circuit.ts'
import { validate } from '../../shared/flows/validate-subscription.ts'
import { disabledBy, enabled } from '../../shared/subscriptions/disabled.ts'
import { circuitOf, draining as drainingNow } from './circuit-fixture.ts'
import {
  closingNow,
  draining,
  failing,
  lease,
  NOW,
  off,
  open,
  probing,
  SECOND,
} from './circuits.ts'
import { message, startDrain } from './drain-fixture.ts'
import { idOf } from './flow-fixture.ts'

const subscriber = { consumer: '/org/ttd', id: 'document-1', number: 1 }
const gone = { outcome: { kind: 'gone', arrived: false, reason: '410' }, isRetry: false } as const

test('a subscription that another process disables during a drain, and that is enabled at once, is sent nothing twice', async () => {
  const flows = startDrain(drainingNow)
  const events = new Set(flows.deliveries(100))
  flows.endpoint.react = (event) => ({ status: 200, ms: events.has(event) ? 14_000 : 0 })
  const { services } = flows
  async function disableAndEnable() {
    await services.clock.timeout(100).ended
    await storeAndUpdateCircuit(services, subscriber, gone, () => Promise.resolve())
    const validation = { attempt: 0, due: flows.seconds(), source: 'https://x' }
    flows.change((stored) => ({ ...stored, validation }))
    await validate(services, { ...message, attempt: 0 })
    const last = flows.sent.at(-1)
    assert.equal(last?.queue, 'drainQueue')
    await services.clock.timeout((last?.delaySeconds ?? 0) * 1000).ended
    await drainSubscription(services, { ...message, token: String(last?.message['token']) })
  }
  await flows.run(Promise.all([drainSubscription(services, message), disableAndEnable()]))
  const times = Map.groupBy(flows.requests, ({ event }) => event)
  const twice = [...times].filter(([, requests]) => requests.length > 1).length
  assert.deepEqual([twice, flows.delivery(idOf(1))?.state], [0, 'delivered'])
})

test('what a drain delivers that a 410 of another process has interrupted is not dead', async () => {
  const flows = startDrain(drainingNow)
  flows.deliveries(10)
  flows.endpoint.react = () => ({ status: 200, ms: 1900 })
  const { services } = flows
  async function disable() {
    await services.clock.timeout(100).ended
    await storeAndUpdateCircuit(services, subscriber, gone, () => Promise.resolve())
    const last = flows.sent.at(-1)
    await services.clock.timeout((last?.delaySeconds ?? 0) * 1000).ended
    await drainSubscription(services, { ...message, token: String(last?.message['token']) })
  }
  await flows.run(Promise.all([drainSubscription(services, message), disable()]))
  assert.deepEqual([flows.requests.length, flows.delivery(idOf(1))?.state], [10, 'delivered'])
})

for (const [said, reaction, expected] of [
  ['A 410', { status: 410 }, 3],
  ['webhook-delivery: disable', { status: 200, disable: true }, 0],
] as const)
  test(`${said} that could not be stored does not disable what its owner has enabled since`, async () => {
    const flows = startDrain(drainingNow)
    const { services } = flows
    flows.deliveries(3)
    flows.endpoint.react = () => reaction
    const { save } = services.deliveries
    services.deliveries.save = () => Promise.reject(new Error('out'))
    await assert.rejects(flows.drain(), /out/)
    services.deliveries.save = save
    flows.endpoint.react = () => ({ status: 200 })
    const validation = { attempt: 0, due: flows.seconds(), source: 'https://x' }
    flows.change((stored) => ({ ...stored, validation }))
    await flows.run(validate(services, { ...message, attempt: 0 }))
    const before = flows.requests.length
    await flows.drain({ token: String(flows.sent.at(-1)?.message['token']) })
    assert.notEqual(circuitOf(flows)?.state, 'disabled')
    assert.equal(flows.requests.length - before, expected)
    assert.equal(flows.delivery(idOf(1))?.state, 'delivered')
  })

test('a circuit that is disabled keeps until when a drain may send, and the next one begins after it', () => {
  const disabledNow = { ...off, reason: 'r', since: new Date(NOW).toISOString() }
  const expected = { ...disabledNow, lease: { token: 'new', until: SECOND + 30 } }
  for (const circuit of [undefined, failing, open, closingNow])
    assert.deepEqual(disabledBy('r', circuit, NOW, 'new'), expected)
  const inPause = { state: 'paused', since: '', busyUntil: lease.until, lease } as const
  for (const circuit of [probing(10), draining, inPause]) {
    const { until } = lease
    const disabled = disabledBy('r', circuit, NOW, 'new')
    const after = { token: 'new', until: Math.max(SECOND, until) + 30 }
    assert.deepEqual(disabled, { ...expected, busyUntil: until, lease: after })
    assert.equal(disabledBy('r', disabled, NOW, 'newer'), disabled)
    const next = { token: 'newer', until: Math.max(SECOND, until) + 30 }
    assert.deepEqual(enabled(disabled, NOW, 'newer'), { state: 'draining', opens: 0, lease: next })
  }
  assert.equal(enabled(failing, NOW, 'new'), failing)
})
