import { setTimeout as sleep } from 'node:timers/promises'
import { operations as operationNames } from '../../local/emulators/request-charge.ts'
import type { OperationUsage } from '../../local/emulators/usage.ts'
import { type FaultProxy, startFaultProxy } from '../../local/fault-proxy.ts'
import { genericEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { Stack } from '../../local/stack.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import { timers } from '../../shared/telemetry/heartbeat-store.ts'
import { startApp } from '../support/app.ts'
import { createArrivals, warmUp } from '../support/arrivals.ts'

// Without the timers, whose cost does not depend on events.
const FUNCTIONS = [
  'publish-event',
  'publish-generic-event',
  'fan-out-event',
  'retry-delivery',
  'drain-backlog',
  'create-subscription',
  'read-subscription',
  'validate-subscription',
]
const CONNECTIONS = 4
const TIMEOUT_SECONDS = 40
const RUNS = 5

/** The cost of one event, counted by the Cosmos DB emulator and a proxy in front of the queues. */
export interface EventUsage {
  subscribers: number
  /** Bytes of its `data`. */
  bytes: number
  /** Operations and request units per container. */
  containers: Map<string, OperationUsage>
  /** Bytes of a stored document per container, on average. */
  documentBytes: Map<string, number>
  /** Request units in all. */
  charge: number
  /** Messages sent. */
  messages: number
}

/** What is counted. */
interface Counted {
  subscribers: number
  /** Of an event's `data`. */
  bytes: number
  events: number
  /** Whether the events are generic ones. */
  isGeneric?: boolean
}

/** Returns the cost of an event, from the request to the record of the last delivery, counted on new stores. */
export async function usageOfEvents(
  stack: Stack,
  { subscribers, bytes, events, isGeneric = false }: Counted,
): Promise<EventUsage> {
  const arrivals = createArrivals()
  const receiver = await startReceiver({
    onDelivery: (delivery) => arrivals.record(delivery.path, delivery),
  })
  const queues = await startFaultProxy(stack.emulators.storage)
  const counted = { ...stack, emulators: { ...stack.emulators, storage: queues.connection } }
  const name = `capacity${isGeneric ? 'generic' : ''}${subscribers}x${bytes}`
  const app = await startApp(counted, name, CONNECTIONS, { functions: FUNCTIONS, isGeneric })
  const filters = isGeneric ? { resourceFilter: genericEvent.resource } : {}
  try {
    for (let path = 1; path <= subscribers; path++)
      await subscribeExample(app.api, stack.issuer.url, `${receiver.url}/${path}`, filters)
    await warmUp(app, arrivals, subscribers)
    await app.waitUntilDrained()
    await stack.emulators.resetUsage()
    const messages = countMessages(queues)
    const data = bytes === 0 ? undefined : 'x'.repeat(bytes)
    for (let left = events; left > 0; left -= CONNECTIONS) {
      const accepted = await Promise.all(
        Array.from({ length: Math.min(left, CONNECTIONS) }, () => app.publish(data)),
      )
      await arrivals.waitForAll(accepted, subscribers, TIMEOUT_SECONDS)
    }
    await app.waitUntilDrained()
    const containers = perEvent(events, await app.usage())
    const charge = [...containers.values()].reduce((sum, tally) => sum + tally.charge, 0)
    const documentBytes = new Map<string, number>()
    for (const container of ['events', 'deliveries'])
      documentBytes.set(container, await app.documentBytes(container))
    const sent = messages.sent / events
    return { subscribers, bytes, containers, documentBytes, charge, messages: sent }
  } finally {
    await app.stop()
    await queues.stop()
    await receiver.stop()
  }
}

/** Starts counting the messages sent through the proxy. */
function countMessages(queues: FaultProxy) {
  const count = { sent: 0 }
  queues.plan = ({ method, url }) => {
    if (method === 'POST' && /\/messages(\?|$)/.test(url)) count.sent++
    return undefined
  }
  return count
}

function perEvent(
  events: number,
  tallies: Map<string, OperationUsage>,
): Map<string, OperationUsage> {
  const each = [...tallies].map(([container, { operations, charge }]): [string, OperationUsage] => {
    const counts = { ...operations }
    for (const name of operationNames) counts[name] /= events
    return [container, { operations: counts, charge: charge / events }]
  })
  return new Map(each)
}

/** Returns the request units of a run of all timers without work. */
export async function usageOfTimers(stack: Stack): Promise<number> {
  const app = await startApp(stack, 'capacitytimers', 1, { functions: [...timers] })
  try {
    await stack.emulators.resetUsage()
    for (let run = 0; run < RUNS; run++)
      for (const timer of timers)
        await fetch(new URL(`/admin/functions/${timer}`, app.api), { method: 'POST', body: '{}' })
    const all = RUNS * timers.length
    for (const end = Date.now() + TIMEOUT_SECONDS * 1000; Date.now() < end; await sleep(200)) {
      const beats = (await app.usage()).get('requests')?.operations.upsert ?? 0 // the last operation of a run
      if (beats >= all) return (await app.charge()) / (beats / timers.length)
    }
    throw new Error(`The timers did not run ${RUNS} times within ${TIMEOUT_SECONDS} s.`)
  } finally {
    await app.stop()
  }
}
