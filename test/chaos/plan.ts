import { exampleEvent } from '../../local/example.ts'
import type { Behaviour } from '../../local/receiver.ts'
import { createRandom, type Random } from './random.ts'

/** How much is sent, in how long, and what is done to it. */
export interface Size {
  events: number
  seconds: number
  kills: number
  /** The share of requests to the stores that meet a fault, outside storms. */
  faultShare: number
  /** Whether the third subscriber is down for a while: its pause takes minutes to end. */
  hasDownSubscriber: boolean
}

/** An event that is to be published at a time, in ms from the start. */
export interface PlannedEvent {
  at: number
  type: string
  data: string | undefined
  /** With an Idempotency-Key: such a publisher tries again until it has its 201. */
  key: string | undefined
  /** Published once more after its 201, with the same key. */
  isRepeated: boolean
}

/** A part of the run, in ms from the start. */
interface Span {
  from: number
  to: number
}

/** Everything that goes wrong in a run; times in ms from the start. */
export interface LossPlan {
  events: PlannedEvent[]
  kills: { at: number; host: number; downMs: number }[]
  /** When most requests to a store fail. */
  faultBursts: Record<'cosmos' | 'queue', Span[]>
  /** When every queue is emptied. */
  emptyAt: number
  /** When the subscriber that is down is down, and how. */
  down: Span & { how: Behaviour }
}

export const COMPLETED = 'app.instance.process.completed'
export const LARGE = 'x'.repeat(50_000) // more than a queue message holds

/** The plan of a seed: the same seed and size, the same plan. */
export function planOf(
  seed: number,
  { events, seconds, kills, hasDownSubscriber }: Size,
): LossPlan {
  const random = createRandom(seed)
  const end = seconds * 1000
  const span = (from: number, to: number, ms: number): Span => {
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
      cosmos: [span(0.2, 0.4, random.between(0.03, 0.08) * end)],
      queue: [span(0.6, 0.8, random.between(0.03, 0.08) * end)],
    },
    emptyAt: random.between(0.45, 0.55) * end,
    down: {
      ...span(0.1, 0.3, hasDownSubscriber ? random.between(0.2, 0.4) * end : 0),
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
    data: random.chance(0.02) ? LARGE : given, // by which a subscriber sees two events of one key
    key: given,
    isRepeated: isKeyed && random.chance(0.3),
  }
}

/** Whether a moment lies in one of some spans. */
export const isWithin = (spans: Span[], ms: number): boolean =>
  spans.some(({ from, to }) => from <= ms && ms < to)
