import { runSequentially } from '../azure/concurrency.ts'
import type { Services } from '../services.ts'
import {
  afterFailure,
  afterSuccess,
  disabled,
  withDrain,
  type Circuit,
} from '../subscriptions/circuit-breaker.ts'
import { updateSubscription, type Updated } from '../subscriptions/subscription-store.ts'
import { isSubscription, withCircuit } from '../subscriptions/subscription.ts'
import type { Outcome } from '../webhooks/webhook-outcome.ts'
import { sendDrain } from './send-drain.ts'

/** Where a subscription's document is, its number, and its circuit as it is known. */
export interface Subscriber {
  consumer: string
  id: string
  number: number
  circuit?: Circuit | undefined
}

type Change = (circuit: Circuit | undefined, token: string) => Circuit | undefined

/**
 * Tells the circuit of a subscriber how an attempt outside of a drain has ended. Writes only where that changes the
 * circuit as it is known, which is rare. A circuit that opens or is disabled starts its drain. Retries that fail count for
 * nothing in a row: an instance may see nothing but retries of events that fail by themselves.
 */
async function updateCircuit(
  services: Services,
  subscriber: Subscriber,
  outcome: Outcome,
  isRetry: boolean,
): Promise<void> {
  const change = changeFor(services, String(subscriber.number), outcome, isRetry)
  if (change(subscriber.circuit, '') === subscriber.circuit) return
  await changeCircuit(services, subscriber, change)
}

/**
 * Has the backlog of a subscriber drained, or what is left of a disabled one ended, unless that is under way. Returns
 * `deleted` where there is no subscriber any more. Throws where that is not known.
 */
export const startDrain = (
  services: Services,
  subscriber: Subscriber,
): Promise<'deleted' | undefined> =>
  changeCircuit(services, subscriber, (circuit, token) =>
    withDrain(circuit, services.clock.now(), token),
  )

/** Stores what an attempt has come to and tells the circuit: the one is done even where the other fails. */
export const storeAndUpdateCircuit = (
  services: Services,
  subscriber: Subscriber,
  { outcome, isRetry }: { outcome: Outcome; isRetry: boolean },
  store: () => Promise<void>,
): Promise<void> =>
  runSequentially([() => updateCircuit(services, subscriber, outcome, isRetry), store])

function changeFor(
  { recentOutcomes, clock }: Services,
  subscription: string,
  outcome: Outcome,
  isRetry: boolean,
): Change {
  if (outcome.kind === 'delivered') {
    recentOutcomes.succeeded(subscription)
    return afterSuccess
  }
  if (outcome.kind === 'gone')
    return (circuit, token) =>
      circuit?.state === 'disabled' ? circuit : disabled(outcome.reason, clock.now(), token)
  const { reason, waitSeconds } = outcome
  const failure = { reason, waitSeconds, ...recentOutcomes.failed(subscription, isRetry) }
  return (circuit, token) => afterFailure(circuit, failure, clock.now(), token)
}

/** Changes the circuit. Returns `deleted` where there is none any more; throws where there may be one that is not to be seen. */
async function changeCircuit(
  services: Services,
  { consumer, id, number }: Subscriber,
  change: Change,
): Promise<'deleted' | undefined> {
  const read = await services.subscriptions.find(consumer, id)
  const isGone = services.index.isDeleted(number) || (read !== undefined && read.number > number)
  if (isGone || (read?.number === number && !isSubscription(read))) return 'deleted'
  if (!isSubscription(read) || read.number < number)
    throw new Error(`Subscription ${number} is not to be seen yet.`)
  const token = services.newToken()
  const updated = await updateSubscription(services.subscriptions, read, (current) => {
    const circuit = change(current.circuit, token)
    return circuit === current.circuit ? undefined : withCircuit(current, circuit)
  })
  if (updated !== undefined) await announce(services, updated, token)
  return undefined
}

/** Tells this instance's index, and the queue, of a circuit that was changed here. */
async function announce(services: Services, updated: Updated, token: string): Promise<void> {
  const { circuit, number } = updated.document
  services.index.invalidate()
  if (circuit?.state === 'open') {
    services.recentOutcomes.reset(String(number))
    services.telemetry.recordOpening()
  }
  await sendDrain(services, updated, token)
}
