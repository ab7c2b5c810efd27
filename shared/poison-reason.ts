import {
  parseDeliveryReference,
  parseInboundMessage,
  parseReplayMessage,
  parseValidationMessage,
} from './message.ts'
import type { Services } from './services.ts'
import { storeSpilled } from './store-spilled.ts'

/** Finds what a message speaks of; throws at once, before it returns a promise, if the message makes no sense. */
type Look = (services: Services, message: unknown) => Promise<unknown>

const lookForDelivery: Look = ({ deliveries }, message) => {
  const { subscription, event } = parseDeliveryReference(message)
  return deliveries.find(subscription, event)
}

const looks: Record<string, Look> = {
  // An event that travelled in its message is stored now; the sweep does the rest.
  'events-inbound': (services, message) => {
    const inbound = parseInboundMessage(message)
    return 'spilled' in inbound
      ? storeSpilled(services, inbound.spilled)
      : services.events.find(inbound)
  },
  'events-outbound': lookForDelivery,
  'events-retry': lookForDelivery,
  'subscription-validation': ({ subscriptions }, message) => {
    const { consumer, subscription } = parseValidationMessage(message)
    return subscriptions.find(consumer, subscription)
  },
  replays: ({ replays }, message) => {
    const { subscription, replay } = parseReplayMessage(message)
    return replays.find(subscription, replay)
  },
}

/**
 * Why a message that failed for good must be kept, or undefined where it speaks of work that the sweep will find: an
 * outage makes no dead letters.
 */
export async function reasonToKeep(
  services: Services,
  queue: string,
  text: string,
): Promise<string | undefined> {
  const found = begin(services, queue, text)
  if (typeof found === 'string') return found
  return (await found) === undefined ? 'names nothing that exists' : undefined
}

function begin(services: Services, queue: string, text: string): Promise<unknown> | string {
  try {
    return looks[queue]?.(services, JSON.parse(text)) ?? `comes from ${queue}, which is not known`
  } catch (error) {
    return `makes no sense: ${error instanceof Error ? error.message : String(error)}`
  }
}
