import { nowSeconds } from '../clock.ts'
import { newDelivery, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { secretsOf, type SubscriptionEntry } from '../subscriptions/subscription.ts'
import { SLOW_MS } from '../webhooks/concurrency-limit.ts'
import type { Attempted } from '../webhooks/webhook-outcome.ts'
import { addDelivery, wakeRecord, type FanOut } from './add-delivery.ts'
import { forgetOutcome, sendWebhook, unsavedOutcome } from './send-webhook.ts'
import { isOutcomeOf, recordAfter, sendRetry, storeOutcome } from './store-outcome.ts'
import { storeAndUpdateCircuit } from './update-circuit.ts'

const LATE_RETRY_SECONDS = [5, 15, 30]

/** Attempts the delivery. A record is created after 2 s even without an answer. */
export async function attemptFirst(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
  release: () => void,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const { body, traceparent } = fan
  const receiver = { ...subscriber, secrets: secretsOf(subscriber) }
  const sending = sendWebhook(services, receiver, body, delivery, traceparent).finally(release)
  const slow = services.clock.timeout(SLOW_MS)
  const attempted = await Promise.race([sending, slow.ended])
  slow.cancel()
  if (attempted === undefined) await recordOpenAttempt(services, fan, delivery, subscriber, sending)
  else await storeFirstOutcome(services, fan, delivery, subscriber, attempted)
}

/**
 * Stores what came of a first attempt where that could not be stored before, also in a record that another copy has created
 * meanwhile. Returns whether there was anything to store.
 */
export async function storeUnsaved(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<boolean> {
  const delivery = newDelivery(fan.event, subscriber)
  const unsaved = unsavedOutcome(services, delivery)
  if (unsaved === undefined) return false
  await storeFirstOutcome(services, fan, delivery, subscriber, unsaved)
  return true
}

async function storeFirstOutcome(
  services: Services,
  fan: FanOut,
  delivery: DeliveryDocument,
  subscriber: SubscriptionEntry,
  attempted: Attempted,
): Promise<void> {
  await storeAndUpdateCircuit(services, subscriber, asFirstAttempt(attempted), async () => {
    const { record, waitSeconds } = recordAfter(services, delivery, attempted)
    const { known, session } = await addDelivery(services, record)
    // In the other copy's, which may still wait. One that was sent again since is another attempt's.
    if (known?.run === delivery.run && attempted.outcome.kind !== 'failed') {
      await storeOutcome(services, known, attempted)
      forgetOutcome(services, delivery)
      return
    }
    forgetOutcome(services, delivery)
    services.telemetry.recordDelivery(record.state)
    if (known !== undefined) await wakeRecord(services, fan, subscriber, known)
    else await sendRetry(services, record, waitSeconds, { event: fan.session, delivery: session })
  })
}

/**
 * Creates the record of an attempt that is still open, due after its time limit, and stores the outcome in the
 * background. The circuit is updated even if the record is not confirmed or another copy of the message created it.
 */
async function recordOpenAttempt(
  services: Services,
  fan: FanOut,
  delivery: DeliveryDocument,
  subscriber: SubscriptionEntry,
  sending: Promise<Attempted>,
): Promise<void> {
  const { clock, config, background } = services
  const longest = Math.ceil(config.delivery.timeoutMs / 1000) + config.repairAfterSeconds
  const due = nowSeconds(clock) + longest
  const release = services.bytesInHand.hold(fan.body.length) // the fan-out ends before
  const adding = addDelivery(services, { ...delivery, state: 'waiting', due })
  const session = adding.then(
    (added) => added.session,
    () => undefined, // it may be stored all the same
  )
  const storeLate = async (attempted: Attempted) =>
    storeInRecord(services, delivery, await session, attempted)
  background.run(
    sending
      .finally(release)
      .then((attempted) =>
        storeAndUpdateCircuit(services, subscriber, asFirstAttempt(attempted), () =>
          storeLate(attempted),
        ),
      ),
  )
  const { known } = await adding
  if (known !== undefined) await wakeRecord(services, fan, subscriber, known)
}

/**
 * Stores a late outcome in the record that is there, unless that has moved on to another run or attempt. No message repeats
 * this, so it tries again until the record is nearly due: then another process would send the event again.
 */
async function storeInRecord(
  services: Services,
  delivery: DeliveryDocument,
  session: string | undefined,
  attempted: Attempted,
): Promise<void> {
  const { deliveries, clock } = services
  const store = async () => {
    const stored = await deliveries.find(delivery.subscription, delivery.id, session)
    if (stored === undefined && session === undefined)
      throw new Error(`Delivery ${delivery.id} is not visible yet, or was never stored.`)
    if (stored !== undefined && isOutcomeOf(attempted, delivery, stored))
      await storeOutcome(services, stored, attempted)
  }
  for (const seconds of LATE_RETRY_SECONDS)
    try {
      return await store()
    } catch {
      await clock.timeout(seconds * 1000).ended
    }
  return store()
}

/** A remembered failure has been counted before. */
const asFirstAttempt = ({ outcome, isRemembered = false }: Attempted) => ({
  outcome,
  isRetry: isRemembered,
})
