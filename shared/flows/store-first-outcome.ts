import { newDelivery } from '../deliveries/delivery.ts'
import type { Services } from '../services.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { tryAgain } from '../telemetry/background.ts'
import type { Attempted } from '../webhooks/webhook-outcome.ts'
import { addDelivery, ensureRecordDrain, type FanOut } from './add-delivery.ts'
import { forgetOutcome, unsavedOutcome } from './send-webhook.ts'
import { isOutcomeOf, recordAfter, sendRetry, storeOutcome } from './store-outcome.ts'
import { storeAndUpdateCircuit } from './update-circuit.ts'

/** Of a fan-out whose event is sent: the body is kept no longer than the request. */
type WithoutBody = Omit<FanOut, 'body'>

/**
 * Stores what came of a first attempt where that could not be stored before, also in a record that another copy has created
 * meanwhile. Returns whether there was anything to store.
 */
export async function storeUnsaved(
  services: Services,
  fan: FanOut,
  subscriber: SubscriptionEntry,
): Promise<boolean> {
  const unsaved = unsavedOutcome(services, newDelivery(fan.event, subscriber))
  if (unsaved === undefined) return false
  await storeFirstOutcome(services, fan, subscriber, unsaved)
  return true
}

/** Stores what came of a first attempt, and updates the circuit. Throws when it is not confirmed to be stored. */
export async function storeFirstOutcome(
  services: Services,
  fan: WithoutBody,
  subscriber: SubscriptionEntry,
  attempted: Attempted,
): Promise<void> {
  await storeAndUpdateCircuit(services, subscriber, attempted, () =>
    addOutcome(services, fan, subscriber, attempted),
  )
}

/** Creates the record of an outcome, or stores a final one in the record that another copy has created. */
async function addOutcome(
  services: Services,
  fan: WithoutBody,
  subscriber: SubscriptionEntry,
  attempted: Attempted,
): Promise<void> {
  const delivery = newDelivery(fan.event, subscriber)
  const { record, waitSeconds } = recordAfter(services, delivery, attempted)
  const { known, session } = await addDelivery(services, record)
  // In the other copy's, which may still wait. One that was sent again since is another attempt's.
  if (known?.run === delivery.run && attempted.outcome.kind !== 'failed') {
    await storeOutcome(services, known, attempted)
    forgetOutcome(services, delivery)
    return
  }
  forgetOutcome(services, delivery)
  services.telemetry.recordDelivery(known === undefined ? record.state : 'changed')
  if (known !== undefined) await ensureRecordDrain(services, fan, subscriber, known, session)
  else await sendRetry(services, record, waitSeconds, { event: fan.session, delivery: session })
}

/** Tries to store what has arrived again. Ends once a repeated fan-out has done so, or the process no longer remembers it. */
export const storeArrivalAgain = (
  services: Services,
  fan: WithoutBody,
  subscriber: SubscriptionEntry,
): Promise<void> =>
  tryAgain(services.clock, async () => {
    const arrived = unsavedOutcome(services, newDelivery(fan.event, subscriber))
    if (arrived !== undefined) await storeFirstOutcome(services, fan, subscriber, arrived)
  })

/**
 * Stores a late outcome in the record that is there, unless that has moved on to another run or attempt. `session` is of the
 * record's creation, undefined where that was not confirmed: then an outcome that is final gets its record here.
 */
export const storeInRecord = (
  services: Services,
  fan: WithoutBody,
  subscriber: SubscriptionEntry,
  session: string | undefined,
  attempted: Attempted,
): Promise<void> =>
  tryAgain(services.clock, async () => {
    const delivery = newDelivery(fan.event, subscriber)
    const stored = await services.deliveries.find(delivery.subscription, delivery.id, session)
    if (stored !== undefined && isOutcomeOf(attempted, delivery, stored))
      await storeOutcome(services, stored, attempted)
    else if (stored !== undefined) forgetOutcome(services, delivery)
    if (stored !== undefined || session !== undefined) return
    if (attempted.outcome.kind === 'failed')
      throw new Error(`Delivery ${delivery.id} is not visible yet, or was never stored.`)
    await addOutcome(services, fan, subscriber, attempted)
  })
