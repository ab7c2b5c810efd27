const HOUR = 3600
const MAX_WAIT = 24 * HOUR
const MIN_WAIT = 60 // for an overloaded or slow subscriber

/** The result of one request to a webhook. `ms` is its duration, `body` at most the first 4,096 bytes. */
export type Answer =
  | {
      kind: 'answered'
      status: number
      headers: { retryAfter?: string; webhookDelivery?: string }
      body: string
      ms: number
    }
  | { kind: 'failed'; reason: FailureReason; detail: string; ms: number }

/** Why there was no answer; `address` is one that must not be connected to. */
export type FailureReason = 'timeout' | 'refused' | 'reset' | 'dns' | 'tls' | 'address' | 'other'

/**
 * What an answer means for a delivery. `gone`: the subscriber wants no more events; this one may have `arrived`.
 * `waitSeconds`: the next attempt waits at least so long; 0 leaves it to the retry schedule. `reason` is for people.
 */
export type Outcome =
  | { kind: 'delivered' }
  | { kind: 'gone'; arrived: boolean; reason: '410' | 'disabled by webhook-delivery header' }
  | { kind: 'failed'; waitSeconds: number; reason: string }

/** Whether the event has arrived. */
export const hasArrived = (outcome: Outcome): boolean =>
  outcome.kind === 'delivered' || (outcome.kind === 'gone' && outcome.arrived)

/**
 * Reads an answer at `nowMs`. 2xx is delivered, and 410 or a `webhook-delivery: disable` header, on whatever status, is
 * gone. `Retry-After` is obeyed up to 24 h; 429 and timeouts wait at least 60 s. A redirect is a failure.
 */
export function outcomeOf(answer: Answer, nowMs: number): Outcome {
  if (answer.kind === 'failed') {
    const waitSeconds = answer.reason === 'timeout' ? MIN_WAIT : 0
    return { kind: 'failed', waitSeconds, reason: `${answer.reason}: ${answer.detail}` }
  }
  const { status, headers } = answer
  const arrived = status >= 200 && status < 300
  if (headers.webhookDelivery?.trim().toLowerCase() === 'disable')
    return { kind: 'gone', arrived, reason: 'disabled by webhook-delivery header' }
  if (status === 410) return { kind: 'gone', arrived, reason: '410' }
  if (arrived) return { kind: 'delivered' }
  const asked = secondsToWait(headers.retryAfter?.trim() ?? '', nowMs)
  const waitSeconds = Math.max(asked, status === 429 ? MIN_WAIT : 0)
  return { kind: 'failed', waitSeconds, reason: `answered ${status}` }
}

/** One attempt: when, how long, and its result. The last one keeps 4 KB of the answer, earlier ones 200 characters. */
export interface Attempt {
  at: string
  ms: number
  status?: number
  failure?: string
  answer?: string
}

/** The result of an attempt: its outcome, and its entry in the record. `isRemembered`: an earlier try could not store it. */
export interface Attempted {
  outcome: Outcome
  latest: Attempt
  isRemembered?: boolean
}

/** Returns the entry of an answer in the delivery's record; `nowMs` is the end of the attempt. */
export function attemptOf(answer: Answer, nowMs = Date.now()): Attempt {
  const { ms } = answer
  const at = new Date(nowMs - ms).toISOString()
  return answer.kind === 'answered'
    ? { at, ms, status: answer.status, answer: answer.body }
    : { at, ms, failure: `${answer.reason}: ${answer.detail}` }
}

/** `Retry-After` (RFC 9110 §10.2.3) in seconds; 0 if it is absent, past or malformed. */
function secondsToWait(retryAfter: string, nowMs: number): number {
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : Math.ceil((parseHttpDate(retryAfter) - nowMs) / 1000)
  return seconds > 0 ? Math.min(seconds, MAX_WAIT) : 0 // NaN is not above 0
}

const httpDates = [
  /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^\w{6,9}, \d{2}-\w{3}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^\w{3} \w{3} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
]

/**
 * Parses the three forms of RFC 9110 §5.6.7. Returns epoch ms, or NaN: Date.parse alone accepts others, such as "in 5".
 */
function parseHttpDate(text: string): number {
  if (!httpDates.some((form) => form.test(text))) return Number.NaN
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
}
