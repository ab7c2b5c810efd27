import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { sweepSubscriptions } from '../../shared/flows/sweep-subscriptions.ts'
import { leaseOf } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, draining } from './circuit-fixture.ts'
import { message, startDrain } from './drain-fixture.ts'
import { SECOND } from './flow-fixture.ts'

test('a drain has its lease for 20 s of work, the last request, and 20 s to store what came of it', async () => {
  const flows = startDrain(draining)
  flows.deliveries(1)
  const { config } = flows.services
  flows.services.config = { ...config, delivery: { ...config.delivery, timeoutMs: 7000 } }
  const began = flows.seconds()
  let left = 0
  flows.endpoint.react = () => {
    left = (leaseOf(circuitOf(flows))?.until ?? 0) - began
    return { status: 200 }
  }
  await flows.drain()
  assert.ok(left >= 47 && left <= 48, `${left} s`)
})

test('what a check of a closing backlog finds is sent once, though the sweep comes while its drain works', async () => {
  const lease = { token: 'token', until: SECOND + 30 }
  const flows = startDrain({ state: 'closing', opens: 0, checks: 0, lease })
  flows.deliveries(100)
  flows.endpoint.react = (_event, request) => ({ status: 200, ms: request < 24 ? 5000 : 14_500 }) // within the 15 s
  const { services } = flows
  async function sweep() {
    await services.clock.timeout(31_000).ended
    await sweepSubscriptions(services, services.clock.now() + 20_000)
    const last = flows.sent.at(-1)
    if (last?.queue === 'drainQueue')
      await drainSubscription(services, { ...message, token: String(last.message['token']) })
  }
  await flows.run(Promise.all([drainSubscription(services, message), sweep()]))
  const times = Map.groupBy(flows.requests, ({ event }) => event)
  assert.equal([...times].filter(([, requests]) => requests.length > 1).length, 0)
})

test('a drain that meets only failures counts one more opening in a row', async () => {
  const flows = startDrain({ ...draining, opens: 2 })
  flows.deliveries(5)
  flows.endpoint.react = () => ({ status: 500 })
  assert.equal(await flows.drain(), 'open')
  const circuit = circuitOf(flows)
  assert.ok(circuit?.state === 'open' && circuit.opens === 3)
})
