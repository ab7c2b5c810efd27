import { setTimeout as sleep } from 'node:timers/promises'
import type { Delivery } from '../../local/receiver.ts'
import type { Accepted, App } from './app.ts'

const WARM_ROUNDS = 3
const WARM_EVENTS = 4
const WARM_ROUND_SECONDS = 4
const WARM_SECONDS = 30

/** The arrivals of some events: ms from accepted to arrived, and epoch ms of the last arrival. */
export interface Arrived {
  latencies: number[]
  last: number
}

export type Arrivals = ReturnType<typeof createArrivals>

/** Records the first arrival of each event at each subscriber. */
export function createArrivals() {
  const byEvent = new Map<string, Map<string, number>>()

  const times = (id: string): number[] => [...(byEvent.get(id)?.values() ?? [])]
  return {
    record(subscriber: string, { event, at }: Delivery): void {
      const id = event?.id ?? ''
      const timesOfEvent = byEvent.get(id) ?? new Map<string, number>()
      byEvent.set(id, timesOfEvent)
      if (!timesOfEvent.has(subscriber)) timesOfEvent.set(subscriber, at.getTime())
    },
    /** Waits until so many subscribers have got each event. Throws when that takes more than `seconds`. */
    async waitForAll(events: Accepted[], subscribers: number, seconds: number): Promise<Arrived> {
      const isComplete = () => events.every(({ id }) => times(id).length >= subscribers)
      for (const end = Date.now() + seconds * 1000; !isComplete(); await sleep(10))
        if (Date.now() > end)
          throw new Error(`Not every subscriber got every event within ${seconds} s.`)
      return {
        latencies: events.flatMap(({ id, at }) => times(id).map((time) => time - at)),
        last: Math.max(0, ...events.flatMap(({ id }) => times(id))),
      }
    },
  }
}

/** Publishes until three rounds of events in a row have reached all subscribers. Throws after 30 s. */
export async function warmUp(app: App, arrivals: Arrivals, subscribers: number): Promise<void> {
  let rounds = 0
  for (const end = Date.now() + WARM_SECONDS * 1000; Date.now() < end && rounds < WARM_ROUNDS;) {
    const accepted = await Promise.all(Array.from({ length: WARM_EVENTS }, () => app.publish()))
    rounds = await arrivals.waitForAll(accepted, subscribers, WARM_ROUND_SECONDS).then(
      () => rounds + 1,
      () => 0,
    )
  }
  if (rounds < WARM_ROUNDS) throw new Error(`Not warm within ${WARM_SECONDS} s.`)
}
