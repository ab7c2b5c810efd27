import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import type { Services } from '../services.ts'
import { claimed, leaseOf, newLease } from '../subscriptions/circuit-breaker.ts'
import {
  isSubscription,
  dueOf,
  withCircuit,
  type SubscriptionDocument,
  type SubscriptionOrTombstone,
} from '../subscriptions/subscription.ts'
import { redrive } from './redrive.ts'
import { sendDrain } from './send-drain.ts'
import { sendValidation } from './validate-subscription.ts'

/**
 * Starts the work of each overdue subscription: a drain after it was open or paused, a drain or a cancellation whose lease
 * expired, a validation whose message was lost. It only sends messages, so that no subscriber's backlog delays the others. Returns
 * how many were redriven.
 */
export const sweepSubscriptions = (services: Services, endMs: number): Promise<number> =>
  redrive(
    services,
    () => services.subscriptions.overdue(nowSeconds(services.clock)),
    (document) => redriveSubscription(services, document),
    endMs,
  )

async function redriveSubscription(
  services: Services,
  found: Stored<SubscriptionOrTombstone>,
): Promise<boolean> {
  const { subscriptions, newToken, clock, index } = services
  const now = nowSeconds(clock)
  const tokens = { circuit: newToken(), cancellation: newToken() }
  const isOver = (time: number | undefined): boolean => time !== undefined && time <= now
  let isValidationDue = false
  const redriven = await compareAndSet<SubscriptionOrTombstone>(
    found,
    (current) => {
      if (!isOver(dueOf(current))) return undefined
      isValidationDue = isSubscription(current) && isOver(current.validation?.due)
      return withRenewedLeases(services, current, tokens, isOver)
    },
    {
      save: subscriptions.save,
      reload: (session) => subscriptions.find(found.consumer, found.id, session),
    },
  )
  if (redriven === undefined) return false
  index.invalidate()
  for (const token of Object.values(tokens)) await sendDrain(services, redriven, token)
  if (isValidationDue && isSubscription(redriven.document))
    await sendValidation(services, redriven.document, redriven.session, 0)
  return true
}

/** Returns the document with a new lease or due time for each part that is overdue. */
function withRenewedLeases(
  { clock, config }: Services,
  document: SubscriptionOrTombstone,
  tokens: { circuit: string; cancellation: string },
  isOver: (time: number | undefined) => boolean,
): SubscriptionOrTombstone {
  const renewed = isOver(document.cancellation?.lease.until)
    ? withCancellationLease(document, newLease(clock.now(), tokens.cancellation))
    : document
  if (!isSubscription(renewed)) return renewed
  const { circuit, validation } = renewed
  const due = nowSeconds(clock) + config.repairAfterSeconds
  const asked: SubscriptionDocument =
    validation !== undefined && isOver(validation.due)
      ? { ...renewed, validation: { ...validation, due } }
      : renewed
  return circuit !== undefined && isOver(leaseOf(circuit)?.until)
    ? withCircuit(asked, claimed(circuit, clock.now(), tokens.circuit))
    : asked
}

function withCancellationLease<T extends SubscriptionOrTombstone>(
  document: T,
  lease: ReturnType<typeof newLease>,
): T {
  const { cancellation } = document
  return cancellation === undefined
    ? document
    : { ...document, cancellation: { ...cancellation, lease } }
}
