import type { Scheduler } from './scheduler.ts'

/** The kinds of faults that are injected at a rate, into calls, messages and steps. */
export type FaultKind =
  | 'store-refuses' // the write is not applied
  | 'store-loses-answer' // the write is applied
  | 'store-retries' // the SDK loses the first answer, tries again, and conflicts with its own write
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
  | 'access-undecided' // the policy decision point gives no decision
  | 'process-dies'
  | 'process-freezes'
  | 'timer-missed'
  | 'timer-doubled'

export interface Fault {
  kind: FaultKind
  /** Virtual ms. */
  from: number
  until: number
  /** The share of the calls, messages or steps that meet it. */
  rate: number
}

export type Faults = ReturnType<typeof createFaults>

/** Tracks the current rate of each kind of fault: the sum of the active ones. */
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
