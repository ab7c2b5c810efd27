import { parseInboundMessage, type InboundMessage } from './message.ts'
import type { Services } from './services.ts'
import { storeSpilled } from './store-spilled.ts'

/**
 * Why a message that failed for good must be kept, or undefined where it speaks of work that the sweep will find: an
 * outage makes no dead letters. An event that travelled in the message is stored first.
 */
export async function reasonToKeep(services: Services, text: string): Promise<string | undefined> {
  const message = parse(text)
  if (typeof message === 'string') return message
  if ('spilled' in message) {
    await storeSpilled(services, message.spilled)
    return undefined
  }
  const event = await services.events.find(message)
  return event === undefined ? 'names no event' : undefined
}

function parse(text: string): InboundMessage | string {
  try {
    return parseInboundMessage(JSON.parse(text))
  } catch (error) {
    return `makes no sense: ${error instanceof Error ? error.message : String(error)}`
  }
}
