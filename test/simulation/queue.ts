import type { openQueue } from '../../shared/azure/queue.ts'
import { unavailableError, type Network } from './connection.ts'
import type { FaultKind } from './faults.ts'
import type { Process } from './process.ts'

// As in host.json.
const VISIBILITY_MS = 30_000
const MAX_DEQUEUE_COUNT = 5
const MAX_RUNNING = 48 // batchSize and newBatchThreshold
const POLLING_MS = 1000
const FUNCTION_TIMEOUT_MS = 300_000

const DAY_MS = 86_400_000
const MAX_BYTES = 49_152

interface Message {
  text: string
  dequeueCount: number
  /** Grows each time that the message is dequeued or hidden, which makes older receipts invalid. */
  receipt: number
  isGone: boolean
}

/** The function that a queue triggers. */
export interface Consumer {
  /** Returns the processes that can take a message now. */
  processes: () => Process[]
  /** Runs the function. Rejects when the message must come again. */
  run: (process: Process, text: string, dequeueCount: number) => Promise<void>
  /** Receives a message that was dequeued five times. */
  poison: (text: string) => void
}

/** Whether a sweep can replace the message: all but those with a whole event, which is in no document. */
const isHint = (text: string): boolean => !text.includes('"spilled"')

export type SimulatedQueue = ReturnType<typeof createQueue>

/**
 * A storage queue with its Functions host. A message becomes visible after its delay, is hidden while the function runs,
 * and becomes visible again 30 s after the function failed, or its process died or froze.
 */
export function createQueue(name: string, network: Network, consumer: Consumer) {
  const { scheduler, random, faults, observe } = network
  const isInjected = (kind: FaultKind) => random.chance(faults.rate(kind))
  const messages = new Set<Message>()
  const running = new Map<Process, number>() // the number of functions

  function makeVisible(message: Message, ms: number): void {
    const receipt = ++message.receipt
    scheduler.after(ms + random.between(5, POLLING_MS), () => {
      if (!message.isGone && message.receipt === receipt) dequeue(message)
    })
  }

  function dequeue(message: Message): void {
    const processes = consumer.processes().filter((each) => (running.get(each) ?? 0) < MAX_RUNNING)
    const process = random.pickOptional(processes)
    if (process === undefined) makeVisible(message, POLLING_MS)
    else if (++message.dequeueCount > MAX_DEQUEUE_COUNT) moveToPoison(message)
    else start(process, message)
  }

  function moveToPoison(message: Message): void {
    remove(message)
    consumer.poison(message.text)
  }

  function start(process: Process, message: Message): void {
    const receipt = ++message.receipt
    running.set(process, (running.get(process) ?? 0) + 1)
    const isReceiptValid = () => !message.isGone && message.receipt === receipt
    renew(process, message, isReceiptValid)
    scheduler.after(FUNCTION_TIMEOUT_MS, () => {
      if (isReceiptValid()) process.kill() // the host ends the worker
    })
    const end = (hasSucceeded: boolean) =>
      process.defer(random.between(1, 5), () => {
        running.set(process, (running.get(process) ?? 1) - 1)
        if (!isReceiptValid()) return
        if (!hasSucceeded) makeVisible(message, VISIBILITY_MS)
        else if (isInjected('delete-fails')) makeVisible(message, VISIBILITY_MS)
        else remove(message)
      })
    process.defer(0, () => {
      consumer.run(process, message.text, message.dequeueCount).then(
        () => end(true),
        () => end(false),
      )
    })
  }

  /** The host keeps the message hidden while its process runs. */
  function renew(process: Process, message: Message, isReceiptValid: () => boolean): void {
    scheduler.after(VISIBILITY_MS / 2, () => {
      if (!isReceiptValid()) return
      if (process.isRunning()) renew(process, message, isReceiptValid)
      else makeVisible(message, VISIBILITY_MS / 2)
    })
  }

  function remove(message: Message): void {
    message.isGone = true
    messages.delete(message)
  }

  function put(text: string, delaySeconds: number): void {
    if (isHint(text) && isInjected('message-lost')) return
    // A whole event is sent again until it is stored: doubled each time, an outage would make thousands of it.
    const isDoubled = isHint(text) && isInjected('message-doubled')
    for (let copies = isDoubled ? 2 : 1; copies > 0; copies--) {
      const message = { text, dequeueCount: 0, receipt: 0, isGone: false }
      messages.add(message)
      const delay = isInjected('message-delayed') ? random.logUniform(1000, 600_000) : 0
      const late = isInjected('message-late') ? random.logUniform(DAY_MS / 24, 3 * DAY_MS) : 0
      makeVisible(message, delaySeconds * 1000 + delay + late)
    }
  }

  return {
    name,
    put,
    size: () => messages.size,

    /** Deletes all messages but those with a whole event. */
    clear(): void {
      for (const message of messages) if (isHint(message.text)) remove(message)
    },

    /** Returns the queue of the services of a process. */
    openIn<M extends object>(process: Process): ReturnType<typeof openQueue<M>> {
      function send(message: M, delaySeconds = 0): Promise<void> {
        observe(process, `send to ${name}`, 'sent')
        const text = JSON.stringify(message)
        const isSent = !isInjected('send-fails')
        const isAcknowledged = isSent && !isInjected('send-loses-answer')
        return new Promise((resolve, reject) => {
          if (isSent) scheduler.after(1, () => put(text, Math.ceil(delaySeconds)))
          process.defer(random.between(2, 8), () =>
            isAcknowledged ? resolve() : reject(unavailableError()),
          )
        })
      }
      return {
        fits: (message) => JSON.stringify(message).length <= MAX_BYTES,
        push: (message) => send(message),
        send,
        probe: () =>
          new Promise((resolve, reject) => {
            const isReachable = !isInjected('send-fails')
            process.defer(2, () => (isReachable ? resolve() : reject(unavailableError())))
          }),
      }
    },
  }
}
