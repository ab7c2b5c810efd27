import { nowSeconds } from '../clock.ts'
import { newDelivery } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import { secretsOf, type SubscriptionEntry } from '../subscriptions/subscription.ts'
import { SLOW_MS } from '../webhooks/concurrency-limit.ts'
import { hasArrived, type Attempted } from '../webhooks/webhook-outcome.ts'
import { addDelivery, ensureRecordDrain, type FanOut } from './add-delivery.ts'
import { sendWebhook } from './send-webhook.ts'
import { storeArrivalAgain, storeFirstOutcome, storeInRecord } from './store-first-outcome.ts'
import { storeAndUpdateCircuit } from './update-circuit.ts'

/** Attempts the delivery. A record is created after 2 s even without an answer. */
export async function attemptFirst(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
  release: () => void,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const { body, ...sent } = fan
  const receiver = { ...subscriber, secrets: secretsOf(subscriber) }
  const sending = sendWebhook(services, receiver, body, delivery, fan.traceparent).finally(release)
  const slow = services.clock.timeout(SLOW_MS)
  const attempted = await Promise.race([sending, slow.ended])
  slow.cancel()
  if (attempted === undefined) return recordOpenAttempt(services, fan, subscriber, sending)
  try {
    await storeFirstOutcome(services, sent, subscriber, attempted)
  } catch (error) {
    // The message comes again after 30 s, perhaps to another process, which would send the event again.
    if (hasArrived(attempted.outcome))
      services.background.run(storeArrivalAgain(services, sent, subscriber))
    throw error
  }
}

/**
 * Creates the record of an attempt that is still open, due after its time limit, and stores the outcome in the
 * background. The circuit is updated even if the record is not confirmed or another copy of the message created it.
 */
async function recordOpenAttempt(
  services: Services,
  { body, ...fan }: FanOut,
  subscriber: SubscriptionEntry,
  sending: Promise<Attempted>,
): Promise<void> {
  const { clock, config, background } = services
  const longest = Math.ceil(config.delivery.timeoutMs / 1000) + config.repairAfterSeconds
  const due = nowSeconds(clock) + longest
  const release = services.bufferedBytes.hold(body.length) // the fan-out ends before
  const delivery = newDelivery(fan.event, subscriber)
  const adding = addDelivery(services, { ...delivery, state: 'waiting', due })
  const added = adding.then(
    ({ session }) => session,
    () => undefined, // it may be stored all the same
  )
  const storeLate = async (attempted: Attempted) =>
    storeInRecord(services, fan, subscriber, await added, attempted)
  background.run(
    sending
      .finally(release)
      .then((attempted) =>
        storeAndUpdateCircuit(services, subscriber, attempted, () => storeLate(attempted)),
      ),
  )
  const { known, session } = await adding
  if (known !== undefined) await ensureRecordDrain(services, fan, subscriber, known, session)
}
