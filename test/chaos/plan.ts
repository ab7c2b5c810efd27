import { exampleEvent } from '../../local/example.ts'
import type { Behaviour } from '../../local/receiver.ts'
import { createRandom, type Random } from './random.ts'

/** The size of a run: the load, its duration and the faults. */
export interface Size {
  events: number
  seconds: number
  kills: number
  /** The share of requests to the stores that meet a fault, outside bursts. */
  faultShare: number
  /** Whether the third subscriber is down for a time. Its circuit takes minutes to close. */
  hasDownSubscriber: boolean
}

/** An event to publish at a time, in ms from the start. */
export interface PlannedEvent {
  at: number
  type: string
  data: string | undefined
  /** The Idempotency-Key, with which the publisher tries again until a 201. */
  key: string | undefined
  /** Whether it is published again after its 201, with the same key. */
  isRepeated: boolean
}

/** An interval of the run, in ms from the start. */
interface Interval {
  from: number
  to: number
}

/** The events and faults of a run, with times in ms from the start. */
export interface LossPlan {
  events: PlannedEvent[]
  kills: { at: number; host: number; downMs: number }[]
  /** When half of the requests to a store fail. */
  faultBursts: Record<'cosmos' | 'queue', Interval[]>
  /** When every queue is emptied. */
  emptyAt: number
  /** When the third subscriber is down, and how it fails. */
  down: Interval & { how: Behaviour }
}

export const COMPLETED = 'app.instance.process.completed'
export const LARGE = 'x'.repeat(50_000) // more than a queue message holds

/** Returns the plan of a seed and size, always the same. */
export function planOf(
  seed: number,
  { events, seconds, kills, hasDownSubscriber }: Size,
): LossPlan {
  const random = createRandom(seed)
  const end = seconds * 1000
  const interval = (from: number, to: number, ms: number): Interval => {
    const start = random.between(from, to) * end
    return { from: start, to: start + ms }
  }
  return {
    events: Array.from({ length: events }, (_, index) =>
      eventOf(random, (index / events) * end, `${seed}-${index}`),
    ),
    kills: Array.from({ length: kills }, (_, index) => ({
      at: random.between(index / kills, (index + 1) / kills) * end,
      host: Math.floor(random.between(0, 4)),
      downMs: random.between(100, 2000),
    })),
    faultBursts: {
      cosmos: [interval(0.2, 0.4, random.between(0.03, 0.08) * end)],
      queue: [interval(0.6, 0.8, random.between(0.03, 0.08) * end)],
    },
    emptyAt: random.between(0.45, 0.55) * end,
    down: {
      ...interval(0.1, 0.3, hasDownSubscriber ? random.between(0.2, 0.4) * end : 0),
      how: random.pick<Behaviour>([{ status: 503 }, { does: 'reset' }, { status: 500 }]),
    },
  }
}

function eventOf(random: Random, at: number, key: string): PlannedEvent {
  const isKeyed = random.chance(0.2)
  const given = isKeyed ? key : undefined
  return {
    at,
    type: random.pick([exampleEvent.type, COMPLETED]),
    data: random.chance(0.02) ? LARGE : given, // shows subscribers two events with the same key
    key: given,
    isRepeated: isKeyed && random.chance(0.3),
  }
}

/** Whether a time is within an interval. */
export const isWithin = (intervals: Interval[], ms: number): boolean =>
  intervals.some(({ from, to }) => from <= ms && ms < to)
