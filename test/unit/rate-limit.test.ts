import assert from 'node:assert/strict'
import { test } from 'node:test'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { circuitOf, draining } from './circuit-fixture.ts'
import { next, startDrain } from './drain-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { eventMessage, SECOND } from './flow-fixture.ts'

const JITTER_MS = 40 // the event is read between an attempt's start and its request

/** The most that was sent in any second. */
const rateOf = (times: number[]): number =>
  Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 1000 - JITTER_MS).length),
  )

for (const perSecond of [1, 7, 100])
  test(`a drain begins at most ${perSecond} a second, also where another goes on`, async () => {
    const flows = startDrain(draining)
    flows.change((stored) => ({ ...stored, maxPerSecond: perSecond }))
    const count = Math.min(300, perSecond * 30)
    flows.deliveries(count)
    flows.endpoint.react = () => ({ status: 200, ms: 300 })
    await flows.drain()
    while (circuitOf(flows)?.state === 'draining') await next(flows)
    const times = flows.requests.map(({ at }) => at)
    assert.equal(times.length, count)
    assert.ok(rateOf(times) <= perSecond)
    const seconds = (Math.max(...times) - Math.min(...times)) / 1000
    assert.ok(seconds >= (count - 1) / perSecond - JITTER_MS / 1000, `${seconds} s`)
  })

for (const given of [{ maxPerSecond: 5 }, { ordered: true as const }])
  test(`first attempts and retries wait for the drain: ${JSON.stringify(given)}`, async () => {
    const flows = startFanOut()
    flows.change((stored) => ({ ...stored, ...given }))
    await flows.fanOut()
    assert.deepEqual([flows.requests.length, flows.delivery(flows.id)?.state], [0, 'backlog'])
    assert.equal(circuitOf(flows)?.state, 'draining')
    const [id = ''] = flows.deliveries(1, { state: 'waiting', due: SECOND, attempt: 1 }, 7)
    const message = { ...eventMessage(id), subscription: '1', run: 0, attempt: 1 }
    assert.equal(await flows.run(retryDelivery(flows.services, message, 'x')), 'backlog')
    assert.deepEqual([flows.requests.length, flows.delivery(id)?.state], [0, 'backlog'])
  })

const NOW = SECOND * 1000
const DAY_MS = 86_400_000
const isoAt = (ms: number) => new Date(ms).toISOString()

/** Drains three deliveries that fail, of a subscription that has failed since `sinceMs`. Returns the circuit after it. */
async function drainFailing(
  given: { maxPerSecond?: number },
  sinceMs?: number,
  notedMs = NOW - DAY_MS,
) {
  const times = { failingSince: isoAt(sinceMs ?? NOW), failedAt: isoAt(notedMs) }
  const flows = startDrain({ ...draining, ...(sinceMs !== undefined && times) })
  flows.change((stored) => ({ ...stored, ...given }))
  flows.deliveries(3)
  flows.endpoint.react = () => ({ status: 500 })
  await flows.drain()
  const writes = flows.calls.filter((call) => /^replace .*document-1/.test(call)).length
  return { circuit: circuitOf(flows), writes }
}

test('a subscriber whose attempts drains make alone is failing from the first on, another from its first attempts on', async () => {
  const { circuit: limited } = await drainFailing({ maxPerSecond: 5 })
  assert.ok(limited?.state === 'closing' && limited.failingSince !== undefined)
  const { circuit: other } = await drainFailing({})
  assert.ok(other?.state === 'closing' && other.failingSince === undefined)
})

for (const given of [{ maxPerSecond: 5 }, {}])
  test(`failures of a drain are noted, and disable after five days, though they are few: ${JSON.stringify(given)}`, async () => {
    const { circuit: noted } = await drainFailing(given, NOW - 4 * DAY_MS)
    assert.ok(noted?.state === 'closing' && Date.parse(noted.failedAt ?? '') >= NOW)
    const { circuit: last } = await drainFailing(given, NOW - 5 * DAY_MS - 1)
    assert.equal(last?.state, 'disabled')
    const { writes } = await drainFailing(given, NOW - 1000, NOW - 1000)
    assert.equal(writes, 3, 'what was noted just now is not noted again')
  })
