import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draining } from './circuit-fixture.ts'
import { startDrain } from './drain-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { eventMessage, eventOf, idOf, type Flows } from './flow-fixture.ts'
import { startRetry } from './retry-fixture.ts'

/** Collects the trace that each request carries. */
function tracesOf({ services }: Pick<Flows, 'services'>): (string | undefined)[] {
  const traces: (string | undefined)[] = []
  const { webhook } = services
  services.webhook = {
    ...webhook,
    post(url, body, headers) {
      traces.push(headers['traceparent'])
      return webhook.post(url, body, headers)
    },
  }
  return traces
}
const { traceparent: ofMessage } = eventMessage(idOf(1))
const { traceparent: ofEvent } = eventOf(idOf(1))

test('the request of a fan-out, and of a retry, carries the trace of its message', async () => {
  const fanOut = startFanOut()
  const first = tracesOf(fanOut)
  await fanOut.fanOut()
  assert.deepEqual(first, [ofMessage])
  const retry = startRetry()
  const again = tracesOf(retry)
  await retry.retry()
  assert.deepEqual(again, [ofMessage])
})

test('a request of a drain carries the trace of its event, as a span of its own', async () => {
  const flows = startDrain(draining)
  const traces = tracesOf(flows)
  flows.deliveries(2)
  await flows.drain()
  const traceIds = traces.map((trace) => trace?.split('-')[1])
  assert.deepEqual(traceIds, Array(2).fill(ofEvent.split('-')[1]))
  assert.equal(new Set([...traces, ofEvent]).size, 3)
})
