import { runSequentially } from '../azure/concurrency.ts'
import { nowSeconds } from '../clock.ts'
import type { Services } from '../services.ts'
import {
  afterFailure,
  afterSuccess,
  withDrain,
  type Circuit,
} from '../subscriptions/circuit-breaker.ts'
import { disabledBy } from '../subscriptions/disabled.ts'
import { updateSubscription, type Updated } from '../subscriptions/subscription-store.ts'
import { isSubscription, withCircuit } from '../subscriptions/subscription.ts'
import { tryAgain } from '../telemetry/background.ts'
import type { Outcome } from '../webhooks/webhook-outcome.ts'
import { sendDrain } from './send-drain.ts'

const SHARED_MS = 10_000 // how long the successes share the tries to store them

/** The key of a subscription's document, its number, and its circuit as known. */
export interface Subscriber {
  consumer: string
  id: string
  number: number
  circuit?: Circuit | undefined
  maxPerSecond?: number | undefined
  ordered?: true | undefined
}

/** An attempt. One that is remembered was counted among the recent ones when its request was made. */
interface CountedAttempt {
  outcome: Outcome
  isRetry?: boolean
  isRemembered?: boolean
}

type Change = (circuit: Circuit | undefined, token: string) => Circuit | undefined

/**
 * Updates the circuit after an attempt outside of a drain. Writes only when that changes the known circuit, which is
 * rare. A circuit that opens or is disabled starts its drain. Failed retries do not count as consecutive failures: an
 * instance may see only retries of events that fail by themselves.
 */
async function updateCircuit(
  services: Services,
  subscriber: Subscriber,
  attempt: CountedAttempt,
): Promise<void> {
  const change = changeFor(services, String(subscriber.number), attempt)
  if (change(subscriber.circuit, '') === subscriber.circuit) return
  try {
    await changeCircuit(services, subscriber, change)
  } catch (error) {
    if (attempt.outcome.kind === 'delivered')
      services.background.run(endFailing(services, subscriber))
    throw error
  }
}

/**
 * Tries again to store that a subscriber is well: after a retry, and where the delivery itself is stored, nothing that comes
 * again does so. The five days without a success would then go on from a failure before it. The successes of ten seconds share one
 * series of tries, so each has it for 40 s at least.
 */
async function endFailing(services: Services, subscriber: Subscriber): Promise<void> {
  const { inProgress, clock } = services
  const part = Math.floor(clock.now() / SHARED_MS)
  await inProgress.once(`circuit ${subscriber.number} ${part}`, () =>
    tryAgain(clock, async () => {
      await changeCircuit(services, subscriber, afterSuccess)
    }),
  )
}

/**
 * Starts the drain of a backlog, or of what is left of a disabled subscription, unless one is under way. Returns
 * `deleted` when the subscriber is. Throws when that is not certain.
 */
export const startDrain = (
  services: Services,
  subscriber: Subscriber,
): Promise<'deleted' | undefined> =>
  changeCircuit(services, subscriber, (circuit, token) =>
    withDrain(circuit, services.clock.now(), token),
  )

/** Stores the outcome of an attempt and updates the circuit. A failure of one does not prevent the other. */
export const storeAndUpdateCircuit = (
  services: Services,
  subscriber: Subscriber,
  attempt: CountedAttempt,
  store: () => Promise<void>,
): Promise<void> => runSequentially([() => updateCircuit(services, subscriber, attempt), store])

function changeFor(
  { recentOutcomes, clock }: Services,
  subscription: string,
  { outcome, isRetry = false, isRemembered = false }: CountedAttempt,
): Change {
  if (outcome.kind === 'delivered') {
    if (!isRemembered) recentOutcomes.succeeded(subscription)
    return afterSuccess
  }
  if (outcome.kind === 'gone')
    return (circuit, token) => disabledBy(outcome.reason, circuit, clock.now(), token)
  const { reason, waitSeconds } = outcome
  const failure = {
    reason,
    waitSeconds,
    ...recentOutcomes.failed(subscription, isRetry || isRemembered),
  }
  return (circuit, token) => afterFailure(circuit, failure, clock.now(), token)
}

/** Changes the circuit. Returns `deleted` when the subscription is; throws when it may not be visible yet. */
async function changeCircuit(
  services: Services,
  { consumer, id, number }: Subscriber,
  change: Change,
): Promise<'deleted' | undefined> {
  const read = await services.subscriptions.find(consumer, id)
  const isGone = services.index.isDeleted(number) || (read !== undefined && read.number > number)
  if (isGone || (read?.number === number && !isSubscription(read))) return 'deleted'
  if (!isSubscription(read) || read.number < number)
    throw new Error(`Subscription ${number} is not visible yet.`)
  const token = services.newToken()
  const updated = await updateSubscription(services.subscriptions, read, (current) => {
    const circuit = change(current.circuit, token)
    return circuit === current.circuit ? undefined : withCircuit(current, circuit)
  })
  if (updated !== undefined) await announce(services, updated, token)
  return undefined
}

/** Refreshes this instance's index after a change of the circuit, and sends the message of its drain. */
async function announce(services: Services, updated: Updated, token: string): Promise<void> {
  const { circuit, number } = updated.document
  services.index.invalidate()
  if (circuit?.state === 'open') {
    services.recentOutcomes.reset(String(number))
    services.telemetry.recordOpening()
  }
  const busyUntil = circuit?.state === 'disabled' ? (circuit.busyUntil ?? 0) : 0 // epoch seconds
  await sendDrain(services, updated, token, Math.max(0, busyUntil - nowSeconds(services.clock)))
}
