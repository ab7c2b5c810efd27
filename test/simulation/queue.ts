import type { openQueue } from '../../shared/azure/queue.ts'
import { unavailable, type Network } from './connection.ts'
import type { FaultKind } from './faults.ts'
import type { Process } from './process.ts'

const VISIBILITY_MS = 30_000 // host.json, as all that follows
const MAX_DEQUEUE_COUNT = 5
const SLOTS = 48 // batchSize and newBatchThreshold
const POLLING_MS = 1000
const FUNCTION_TIMEOUT_MS = 300_000
const DAY_MS = 86_400_000
const MAX_BYTES = 49_152

interface Message {
  text: string
  dequeueCount: number
  /** Counts how often it was handed out or hidden: a receipt of before is worth nothing. */
  receipt: number
  isGone: boolean
}

/** What a queue hands to a function of a process. */
export interface Consumer {
  /** The processes that may take a message now. */
  processes: () => Process[]
  /** Runs the function; rejects where the message must come again. */
  run: (process: Process, text: string, dequeueCount: number) => Promise<void>
  /** Gets a message that was handed out five times. */
  poison: (text: string) => void
}

/** An event that could not be stored travels whole, and is in no document; all other messages only make things sooner. */
const isHint = (text: string): boolean => !text.includes('"spilled"')

export type SimulatedQueue = ReturnType<typeof createQueue>

/**
 * A storage queue with the Functions host at its end: a message is seen after its delay, handed out, hidden while the
 * function runs, and seen again 30 s after it failed, or its process died or froze.
 */
export function createQueue(name: string, network: Network, consumer: Consumer) {
  const { scheduler, random, faults, observe } = network
  const hits = (kind: FaultKind) => random.chance(faults.rate(kind))
  const messages = new Set<Message>()
  const open = new Map<Process, number>() // slots that are taken

  function show(message: Message, ms: number): void {
    const receipt = ++message.receipt
    scheduler.after(ms + random.between(5, POLLING_MS), () => {
      if (!message.isGone && message.receipt === receipt) handOut(message)
    })
  }

  function handOut(message: Message): void {
    const free = consumer.processes().filter((each) => (open.get(each) ?? 0) < SLOTS)
    const process = random.any(free)
    if (process === undefined) show(message, POLLING_MS)
    else if (++message.dequeueCount > MAX_DEQUEUE_COUNT) moveToPoison(message)
    else start(process, message)
  }

  function moveToPoison(message: Message): void {
    remove(message)
    consumer.poison(message.text)
  }

  function start(process: Process, message: Message): void {
    const receipt = ++message.receipt
    open.set(process, (open.get(process) ?? 0) + 1)
    const holds = () => !message.isGone && message.receipt === receipt
    renew(process, message, holds)
    scheduler.after(FUNCTION_TIMEOUT_MS, () => {
      if (holds()) process.kill() // the host ends the worker
    })
    const end = (wasDone: boolean) =>
      process.defer(random.between(1, 5), () => {
        open.set(process, (open.get(process) ?? 1) - 1)
        if (!holds()) return
        if (!wasDone) show(message, VISIBILITY_MS)
        else if (hits('delete-fails')) show(message, VISIBILITY_MS)
        else remove(message)
      })
    process.defer(0, () => {
      consumer.run(process, message.text, message.dequeueCount).then(
        () => end(true),
        () => end(false),
      )
    })
  }

  /** The host renews the message's time while its process runs. */
  function renew(process: Process, message: Message, holds: () => boolean): void {
    scheduler.after(VISIBILITY_MS / 2, () => {
      if (!holds()) return
      if (process.isRunning()) renew(process, message, holds)
      else show(message, VISIBILITY_MS / 2)
    })
  }

  function remove(message: Message): void {
    message.isGone = true
    messages.delete(message)
  }

  function put(text: string, delaySeconds: number): void {
    if (isHint(text) && hits('message-lost')) return
    // One that travels whole goes round by itself: doubled each time, an outage would make thousands of it.
    const isDoubled = isHint(text) && hits('message-doubled')
    for (let copies = isDoubled ? 2 : 1; copies > 0; copies--) {
      const message = { text, dequeueCount: 0, receipt: 0, isGone: false }
      messages.add(message)
      const delay = hits('message-delayed') ? random.skewed(1000, 600_000) : 0
      const late = hits('message-late') ? random.skewed(DAY_MS / 24, 3 * DAY_MS) : 0
      show(message, delaySeconds * 1000 + delay + late)
    }
  }

  return {
    name,
    put,
    size: () => messages.size,

    /** Loses all messages but the events that are nowhere else. */
    clear(): void {
      for (const message of messages) if (isHint(message.text)) remove(message)
    },

    /** The queue as a sender in a process sees it. */
    openIn<M extends object>(process: Process): ReturnType<typeof openQueue<M>> {
      function send(message: M, delaySeconds = 0): Promise<void> {
        observe(process, `send to ${name}`)
        const text = JSON.stringify(message)
        const isSent = !hits('send-fails')
        const isTold = isSent && !hits('send-loses-answer')
        return new Promise((resolve, reject) => {
          if (isSent) scheduler.after(1, () => put(text, Math.ceil(delaySeconds)))
          process.defer(random.between(2, 8), () => (isTold ? resolve() : reject(unavailable())))
        })
      }
      return {
        fits: (message) => JSON.stringify(message).length <= MAX_BYTES,
        push: (message) => send(message),
        send,
        probe: () =>
          new Promise((resolve, reject) => {
            const isThere = !hits('send-fails')
            process.defer(2, () => (isThere ? resolve() : reject(unavailable())))
          }),
      }
    },
  }
}
