import Joi from 'joi'
import {
  parseDeliveryReference,
  parseDrainMessage,
  parseInboundMessage,
  parseReplayMessage,
  parseValidationMessage,
} from '../messages.ts'
import type { Services } from '../services.ts'
import { MAX_DEQUEUE_COUNT, storeSpilled } from './store-spilled-event.ts'

/** Finds the work that a message refers to. */
type Find = (services: Services, message: unknown) => Promise<unknown>

const finders: Record<string, Find> = {
  'events-inbound': async (services, message) => {
    const inbound = parseInboundMessage(message)
    if (!('spilled' in inbound)) {
      const { session: _unusableByNow, ...reference } = inbound
      return services.events.find(reference)
    }
    await storeSpilled(services, inbound, MAX_DEQUEUE_COUNT) // the sweep, or the queue, does the rest
    return inbound
  },
  'events-retry': async ({ deliveries }, message) => {
    const { subscription, event } = parseDeliveryReference(message)
    return deliveries.find(subscription, event)
  },
  drains: async ({ subscriptions }, message) => {
    const { consumer, subscription } = parseDrainMessage(message)
    return subscriptions.find(consumer, subscription)
  },
  'subscription-validation': async ({ subscriptions }, message) => {
    const { consumer, subscription } = parseValidationMessage(message)
    return subscriptions.find(consumer, subscription)
  },
  replays: async ({ replays }, message) => {
    const { subscription, replay } = parseReplayMessage(message)
    return replays.find(subscription, replay)
  },
}

/**
 * Returns why a poison message must be kept, or undefined when the sweep will find its work: an outage makes no dead
 * letters. Throws when the store cannot be read.
 */
export async function reasonToKeep(
  services: Services,
  queue: string,
  text: string,
): Promise<string | undefined> {
  const find = finders[queue.replace(/^(events-inbound)-\d+$/, '$1')]
  if (find === undefined) throw new Error(`No messages are expected in ${queue}-poison.`)
  try {
    return (await find(services, JSON.parse(text))) === undefined
      ? 'names nothing that exists'
      : undefined
  } catch (error) {
    if (isParseError(error)) return `makes no sense: ${error.message}`
    throw error
  }
}

/** Whether JSON.parse or a schema threw the error. Any other error comes from the store. */
const isParseError = (error: unknown): error is Error =>
  error instanceof SyntaxError || Joi.isError(error)
