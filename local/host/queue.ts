// A storage-queue trigger, as in the host's QueueListener.cs and QueueProcessor.cs: polling, leases, redelivery, poison
// queues (https://github.com/Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Common).
import { setTimeout as sleep } from 'node:timers/promises'
import { format } from 'node:util'
import { QueueServiceClient, RestError } from '@azure/storage-queue'
import { log } from './log.ts'
import { decodeBase64, callFor, type Message } from './message.ts'
import type { HostSettings } from './settings.ts'
import { createPendingCount } from './pending-count.ts'
import type { App, AppFunction } from './worker.ts'

type Settings = HostSettings & { leaseSeconds: number }

/** Creates a function's listener. Throws when its connection is missing. `stop` waits for pending messages. */
export function createQueue(app: App, fn: AppFunction, settings: Settings) {
  const { queue, poison } = openQueues(fn)
  const { batchSize, maxDequeueCount, leaseSeconds } = settings
  const stopping = new AbortController()
  const pending = createPendingCount()
  let polling: Promise<void> | undefined
  let state = 'readable'

  async function poll() {
    for (let empty = 0; !stopping.signal.aborted;) {
      const batch = await receive()
      for (const message of batch) dispatch(message)
      empty = batch.length > 0 ? 0 : empty + 1
      if (empty === 0) await pending.waitUntilAtMost(settings.newBatchThreshold)
      else await pause(pollingDelay(empty, settings.maxPollingInterval))
    }
  }

  const pause = (ms: number) =>
    sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined)

  // Not cut off by `stop`: the service may have leased the messages already.
  async function receive() {
    const options = { numberOfMessages: batchSize, visibilityTimeout: leaseSeconds, ...timeout() }
    try {
      const { receivedMessageItems } = await queue.receiveMessages(options)
      logState('readable')
      return receivedMessageItems
    } catch (error) {
      logState(error instanceof RestError && error.code ? error.code : 'unreadable')
      return []
    }
  }

  /** One line for each change of state, not for each poll. */
  function logState(now: string) {
    if (now !== state) log('warning', 'Host', `queue ${queue.name}: ${now}`)
    state = now
  }

  function dispatch(message: Message) {
    pending.increment()
    void (stopping.signal.aborted ? updateVisibility(message, 0) : handle(message))
      .catch((error: unknown) => log('error', 'Host', `queue ${queue.name}: ${format(error)}`))
      .finally(pending.decrement)
  }

  async function handle(message: Message) {
    const bytes = decodeBase64(message.messageText)
    if (!bytes || message.dequeueCount > maxDequeueCount) return moveToPoison(message)
    const endLease = renewLease(message)
    const call = callFor(message, bytes, fn.dataType)
    if (!call) log('error', `Function.${fn.name}`, `message ${message.messageId} is not UTF-8`)
    const succeeded = call && !(await app.invoke(fn, call)).hasFailed
    const renewed = await endLease()
    if (succeeded) await remove(renewed)
    else if (message.dequeueCount >= maxDequeueCount) await moveToPoison(renewed)
    else if (poison) await updateVisibility(renewed, settings.visibilityTimeout / 1000)
    // What fails in a poison queue stays hidden for the rest of its lease.
  }

  /** Renews the lease at half its time. Returns a function that stops this and returns the message with its last receipt. */
  function renewLease(message: Message) {
    let held = Promise.resolve(message)
    const renew = (last: Message) => updateVisibility(last, leaseSeconds).catch(() => last)
    const timer = setInterval(() => void (held = held.then(renew)), leaseSeconds * 500)
    return () => {
      clearInterval(timer)
      return held
    }
  }

  /** Hides a message for `seconds`. Returns it with its new receipt. */
  async function updateVisibility(message: Message, seconds: number): Promise<Message> {
    const { messageId: id, popReceipt: receipt } = message
    return {
      ...message,
      ...(await queue.updateMessage(id, receipt, undefined, seconds, timeout())),
    }
  }

  const remove = ({ messageId, popReceipt }: Message) =>
    queue.deleteMessage(messageId, popReceipt, timeout())

  async function moveToPoison(message: Message) {
    if (!poison) return
    log('warning', 'Host', `message ${message.messageId} goes to ${poison.name}`)
    await poison.createIfNotExists(timeout())
    await poison.sendMessage(message.messageText, timeout())
    await remove(message)
  }

  async function stop() {
    stopping.abort()
    await polling
    await pending.waitUntilAtMost(0)
  }
  return { fn, start: () => void (polling = poll()), stop }
}

/** Opens a function's queue and, unless it is one itself, its poison queue. Throws for a missing connection and a bad name. */
export function openQueues(fn: AppFunction) {
  const { connection = 'AzureWebJobsStorage', queueName = '' } = fn
  const text = process.env[connection]
  const name = queueName.toLowerCase()
  if (!text) throw new Error(`function "${fn.name}": the setting ${connection} is missing`)
  if (!/^[a-z\d](-?[a-z\d]){2,62}$/.test(name)) throw new Error(`"${queueName}" is no queue's name`)
  const retryOptions = { maxTries: 3, retryDelayInMs: 50, maxRetryDelayInMs: 200 }
  const account = QueueServiceClient.fromConnectionString(text, { retryOptions })
  const poison = name.endsWith('-poison') ? undefined : account.getQueueClient(`${name}-poison`)
  return { queue: account.getQueueClient(name), poison }
}

/** For every call: the SDK's own time limits do not end a hang. */
const timeout = () => ({ abortSignal: AbortSignal.timeout(10_000) })

/** The wait after so many polls in a row that found nothing: 100 ms, then doubling ± 20 % (RandomizedExponentialBackoffStrategy.cs). */
export function pollingDelay(empty: number, maximum: number) {
  const more = empty > 1 ? (0.8 + Math.random() * 0.4) * 2 ** (empty - 2) * 100 : 0
  return Math.min(100 + more, maximum)
}
