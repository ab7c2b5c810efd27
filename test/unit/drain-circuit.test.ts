import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaseOf } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, draining } from './circuit-fixture.ts'
import { startDrain } from './drain-fixture.ts'

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
