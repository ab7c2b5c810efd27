import type { QueueService } from './queue-service.ts'
import { withTimeout } from './timeout.ts'

const PUSH_MS = 1000 // a publisher waits for it
const SEND_MS = 10_000 // nobody does: an instance at full load may take seconds, and giving up would only add to it
const FOREVER = -1 // seconds; the default is 7 days, after which Azure drops a message
const MAX_BYTES = 49_152 // 64 KiB, less a quarter for base64

/** Opens a queue for sending. Messages are JSON in base64, as the Functions host expects them. */
export function openQueue<Message extends object>(service: QueueService, name: string) {
  const path = `${name}/messages`

  /** Throws if the message is not known to be sent; sending twice must do no harm. */
  async function enqueue(
    message: Message,
    visibilityTimeout: number,
    limitMs: number,
  ): Promise<void> {
    const text = Buffer.from(JSON.stringify(message)).toString('base64')
    const body = `<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`
    const query = `visibilitytimeout=${visibilityTimeout}&messagettl=${FOREVER}`
    await withTimeout(limitMs, (abortSignal) =>
      service({ method: 'POST', path, query, body, abortSignal }),
    )
  }
  return {
    fits: (message: Message): boolean => Buffer.byteLength(JSON.stringify(message)) <= MAX_BYTES,

    /** Sends while a publisher waits: one try, at most 1 s. */
    push: (message: Message): Promise<void> => enqueue(message, 0, PUSH_MS),

    /** Sends in the background: one try, at most 10 s. The message becomes visible after `delaySeconds`. */
    send: (message: Message, delaySeconds = 0): Promise<void> =>
      enqueue(message, Math.ceil(delaySeconds), SEND_MS),

    /** Throws an error that names the queue if it is missing or cannot be reached. */
    async probe(limitMs = 1000): Promise<void> {
      await withTimeout(limitMs, (abortSignal) =>
        service({ method: 'GET', path: name, query: 'comp=metadata', abortSignal }),
      ).catch((cause: unknown) => {
        const what = isMissing(cause) ? 'is missing' : 'does not answer'
        throw new Error(`${name} ${what}`, { cause })
      })
    },
  }
}

/** Whether an error says that there is no such queue. */
export const isMissing = (error: unknown): boolean => Object(error).statusCode === 404
