import type { Scheduler } from './scheduler.ts'

/** What may go wrong at a rate, at any call, message or step. */
export type FaultKind =
  | 'store-refuses' // before the write is applied
  | 'store-loses-answer' // after it is
  | 'store-retries' // the answer of the first try is lost, and the second meets what the first has written
  | 'store-is-slow'
  | 'replica-lags'
  | 'send-fails'
  | 'send-loses-answer'
  | 'message-lost'
  | 'message-doubled'
  | 'message-delayed'
  | 'message-late' // by days
  | 'delete-fails'
  | 'webhook-loses-answer'
  | 'process-dies'
  | 'process-freezes'
  | 'timer-missed'
  | 'timer-doubled'

export interface Fault {
  kind: FaultKind
  /** Virtual ms. */
  from: number
  until: number
  /** The share of the chances at which it happens. */
  rate: number
}

export type Faults = ReturnType<typeof createFaults>

/** The rates of all faults at this moment: the sum of those whose time it is. */
export function createFaults(faults: readonly Fault[], scheduler: Scheduler) {
  const rates = new Map<FaultKind, number>()
  const add = (kind: FaultKind, rate: number) => rates.set(kind, (rates.get(kind) ?? 0) + rate)
  for (const { kind, from, until, rate } of faults) {
    scheduler.at(from, () => add(kind, rate))
    scheduler.at(until, () => add(kind, -rate))
  }
  return {
    rate: (kind: FaultKind): number => rates.get(kind) ?? 0,
  }
}
