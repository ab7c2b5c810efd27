import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { closing, RECHECK_SECONDS } from '../subscriptions/circuit-breaker.ts'
import { newPass, type Pass } from './attempt-in-order.ts'
import type { DrainLease } from './drain-lease.ts'
import type { RateLimit } from './rate-limit.ts'

export const PAGE = 100

/** The life of a drain's cursor: longer than a replica lags. What joined the backlog behind it is then attempted. */
export const CURSOR_MS = 15_000

/** A drain at work. */
export interface Drain {
  services: Services
  lease: DrainLease
  /** Epoch milliseconds after which no attempt begins. */
  endMs: number
  /** The last event attempted, so that a lagging replica's old records are not attempted twice; '' starts over. */
  after: string
  /** Epoch milliseconds until which a replica may show what other processes delivered. Pages then begin with the oldest. */
  afterUntilMs: number
  /** Until then, epoch milliseconds, a replica may show what the drain before has delivered, if there was one. */
  lagsUntilMs: number
  /** The newest event attempted, by this drain or the one before: the cursor of the next. */
  newest: string
  /** What this drain has attempted while it drains: a replica may show that again. */
  attempted: Set<string>
  /** Of a subscription with a rate limit. */
  rateLimit: RateLimit | undefined
  /** Of an ordered subscription. It needs no cursor against replicas: each attempt proves first that what was read is current. */
  pass: Pass | undefined
  /** The seconds that the drain before waited for what was not to be seen; 0 once something was attempted. */
  waitedSeconds: number
}

/** Has the next page begin with the oldest. */
export function startOver(drain: Drain): void {
  drain.after = ''
  if (drain.pass !== undefined) drain.pass = newPass(drain.lease.subscription(), '')
  drain.afterUntilMs = drain.services.clock.now() + CURSOR_MS
}

/** Returns a page of the backlog, the oldest first. */
export const backlogOf = (
  { services, lease }: Drain,
  after: string,
  count: number,
): Promise<Stored<DeliveryDocument>[]> =>
  services.deliveries.page(String(lease.subscription().number), 'backlog', after, count)

/** Has the circuit closing: checks follow, for deliveries that a writer with an old index adds meanwhile. */
export async function closeCircuit({ services, lease, newest }: Drain): Promise<void> {
  const isClosing = await lease.change((circuit) =>
    circuit.state === 'half-open' || circuit.state === 'draining'
      ? closing(circuit, services.clock.now())
      : circuit,
  )
  if (isClosing) await lease.handOver(RECHECK_SECONDS[0], { after: newest })
}
