import { hash } from 'node:crypto'
import type { QueueService } from './queue-service.ts'
import { isMissing, openQueue } from './queue.ts'

/**
 * Opens queues that messages are spread over, by a hash of their key. Messages without a key go to the first queue, and so
 * do those of a queue that is missing: however many queues there are, functions always listen to the first.
 */
export function openShardedQueue<Message extends object>(
  service: QueueService,
  [firstName, ...otherNames]: [string, ...string[]],
  keyOf: (message: Message) => string | undefined,
) {
  const first = openQueue<Message>(service, firstName)
  const all = [first, ...otherNames.map((name) => openQueue<Message>(service, name))]

  function queueOf(message: Message): typeof first {
    if (all.length === 1) return first
    const key = keyOf(message)
    return (key === undefined ? undefined : all[shardOf(key, all.length)]) ?? first
  }

  async function enqueue(message: Message, to: (queue: typeof first) => Promise<void>) {
    const queue = queueOf(message)
    await to(queue).catch((error: unknown) => {
      if (queue === first || !isMissing(error)) throw error // otherwise it may have been sent
      return to(first)
    })
  }
  return {
    fits: first.fits,

    /** Sends while a publisher waits: at most 1 s. */
    push: (message: Message): Promise<void> => enqueue(message, (queue) => queue.push(message)),

    /** Sends in the background: at most 10 s. The message becomes visible after `delaySeconds`. */
    send: (message: Message, delaySeconds = 0): Promise<void> =>
      enqueue(message, (queue) => queue.send(message, delaySeconds)),

    /** Throws if the first queue is missing or cannot be reached. */
    probe: (limitMs?: number): Promise<void> => first.probe(limitMs),

    /** Throws an error that names each queue that is missing or cannot be reached. */
    async probeAll(limitMs?: number): Promise<void> {
      const probes = await Promise.allSettled(all.map((queue) => queue.probe(limitMs)))
      const failures = probes.flatMap((probe) =>
        probe.status === 'rejected' ? [String(Object(probe.reason).message)] : [],
      )
      if (failures.length > 0) throw new Error(failures.join(', '))
    },
  }
}

/** Returns the place of a key among `count` queues: the same for the same key. */
export const shardOf = (key: string, count: number): number =>
  hash('sha256', key, 'buffer').readUInt32BE() % count
