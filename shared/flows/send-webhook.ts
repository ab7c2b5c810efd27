import type { Services } from '../services.ts'
import { isClosed, type Circuit } from '../subscriptions/circuit-breaker.ts'
import { attemptOf, outcomeOf, type Attempted } from '../webhooks/webhook-outcome.ts'
import { signedRequest } from '../webhooks/webhook-request.ts'

const UNSAVED_TTL_MS = 300_000 // the host retries a message every 30 s, five times

/** What an attempt needs to know of a subscriber, from the index or its document. */
export interface Receiver {
  number: number
  endpoint: string
  secrets: { key: string; until?: string }[]
}

/**
 * Whether a subscriber may be sent an event outside of a drain: its circuit is closed, and it has neither a rate limit nor
 * an order, which only the one drain at a time can keep.
 */
export const mayAttemptNow = ({
  circuit,
  maxPerSecond,
  ordered,
}: {
  circuit?: Circuit | undefined
  maxPerSecond?: number | undefined
  ordered?: true | undefined
}): boolean => isClosed(circuit) && maxPerSecond === undefined && ordered === undefined

/** Identifies an attempt, as the record of its delivery does. */
interface AttemptKey {
  subscription: string
  id: string
  run: number
  attempt: number
}

/** An attempt, with the number that an ordered subscription is sent. */
type Work = AttemptKey & { sequence?: number }

/**
 * Sends an event, as `bodyOf` gives it, to a subscriber and returns the outcome. Returns the earlier outcome instead of sending again when
 * that could not be stored: call `forgetOutcome` once it is. The caller counts the request towards the concurrency
 * limit.
 */
export async function sendWebhook(
  services: Services,
  receiver: Receiver,
  event: Buffer,
  work: Work,
  traceparent: string,
): Promise<Attempted> {
  const { webhook, concurrencyLimit, telemetry, clock, unsavedOutcomes } = services
  const earlier = unsavedOutcome(services, work)
  if (earlier !== undefined) return earlier
  const { url, body, headers } = signedRequest(receiver, event, work.id, traceparent, work.sequence)
  const answer = await webhook.post(url, body, headers)
  concurrencyLimit.observeLatency(String(receiver.number), answer.ms)
  const outcome = outcomeOf(answer, clock.now())
  telemetry.recordAttempt(outcome.kind, answer.ms)
  const attempted = { outcome, latest: attemptOf(answer, clock.now()) }
  const unsaved = asUnsaved(attempted)
  if (unsaved !== undefined) unsavedOutcomes.set(keyOf(work), { ...unsaved, at: clock.now() })
  return attempted
}

/**
 * Returns what a later try to store it may know. That a subscriber wants no more is for now alone: it may be enabled again
 * before that try, which would disable it without having asked.
 */
function asUnsaved({ outcome, latest }: Attempted): Attempted | undefined {
  if (outcome.kind !== 'gone') return { outcome, latest }
  return outcome.arrived ? { outcome: { kind: 'delivered' }, latest } : undefined
}

/** Returns what came of an attempt whose outcome could not be stored in the last five minutes. */
export function unsavedOutcome(
  { clock, unsavedOutcomes }: Services,
  work: AttemptKey,
): Attempted | undefined {
  const unsaved = unsavedOutcomes.get(keyOf(work))
  if (unsaved === undefined || clock.now() - unsaved.at >= UNSAVED_TTL_MS) return undefined
  return { ...unsaved, isRemembered: true }
}

/** Forgets what came of an attempt if it failed. */
export function forgetFailure(services: Services, work: AttemptKey): void {
  if (unsavedOutcome(services, work)?.outcome.kind === 'failed') forgetOutcome(services, work)
}

/** Forgets a stored outcome. */
export const forgetOutcome = ({ unsavedOutcomes }: Services, work: AttemptKey): void =>
  unsavedOutcomes.delete(keyOf(work))

const keyOf = ({ subscription, id, run, attempt }: AttemptKey): string =>
  `${subscription} ${id} ${run} ${attempt}`
