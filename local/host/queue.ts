// A storage-queue trigger, as in the host's QueueListener.cs and QueueProcessor.cs: polling, redelivery, poison queues
// (https://github.com/Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Common).
import { setTimeout as sleep } from 'node:timers/promises'
import { format } from 'node:util'
import { isGone, keepLease, limit, openAccount } from './queue-client.ts'
import { decode, toCall } from './queue-message.ts'
import type { Message } from './queue-message.ts'
import { expand } from './settings.ts'
import type { QueueSettings } from './settings.ts'
import type { App, AppFunction, Log } from './worker.ts'

/** Makes a function's listener; a missing connection is a fault now. `stop` waits for the messages in hand. */
export async function createQueue(app: App, fn: AppFunction, settings: QueueSettings, log: Log) {
  const name = expand(fn.trigger.queueName ?? '').toLowerCase()
  const account = await openAccount(fn.trigger.connection || 'AzureWebJobsStorage')
  const queue = account.getQueueClient(name)
  const poison = name.endsWith('-poison') ? undefined : account.getQueueClient(`${name}-poison`)
  const { leaseSeconds, maxDequeueCount } = settings
  const stopping = new AbortController()
  const inHand = new Set<Promise<void>>()
  const note = createNote(name, log)
  let polling: Promise<void> | undefined

  async function poll() {
    const pause = backoff(settings.maxPollingMs)
    while (!stopping.signal.aborted) {
      const batch = await receive()
      for (const message of batch)
        hold(stopping.signal.aborted ? release(message, 0) : handle(message))
      while (batch.length > 0 && inHand.size > settings.newBatchThreshold)
        await Promise.race(inHand)
      if (batch.length > 0) pause.reset()
      else await sleep(pause.next(), 0, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  // Not cut off by `stop`: the service may have leased the messages already.
  async function receive() {
    const options = { numberOfMessages: settings.batchSize, visibilityTimeout: leaseSeconds }
    try {
      const { receivedMessageItems } = await queue.receiveMessages({ ...options, ...limit() })
      note('there')
      return receivedMessageItems
    } catch (error) {
      note(isGone(error) ? 'missing' : `out of reach: ${String(error)}`)
      return []
    }
  }

  function hold(work: Promise<unknown>) {
    const done: Promise<void> = work
      .then(() => undefined)
      .catch((error: unknown) => log('error', 'Host', `queue ${name}: ${format(error)}`))
      .finally(() => inHand.delete(done))
    inHand.add(done)
  }

  async function handle(message: Message) {
    const bytes = decode(message.messageText, settings.base64)
    if (!bytes || message.dequeueCount > maxDequeueCount) return bury(message)
    const endLease = keepLease(queue, message, leaseSeconds)
    const succeeded = await run(message, bytes)
    const held = { ...message, popReceipt: await endLease() }
    if (succeeded) await remove(held)
    else if (message.dequeueCount >= maxDequeueCount) await bury(held)
    else if (poison) await release(held, settings.visibilitySeconds)
    // What fails in a poison queue stays hidden for the rest of its lease.
  }

  async function run(message: Message, bytes: Uint8Array) {
    const call = toCall(message, bytes, fn.trigger.dataType)
    if (call) return !(await app.invoke(fn, call)).error
    log('error', `Function.${fn.name}`, `message ${message.messageId} is not UTF-8`)
    return false
  }

  async function bury(message: Message) {
    if (!poison) return
    log(
      'warning',
      'Host',
      `message ${message.messageId} (dequeued ${message.dequeueCount} times) goes to ${name}-poison`,
    )
    const send = () => poison.sendMessage(message.messageText, limit())
    await send().catch(async (error: unknown) => {
      if (!isGone(error)) throw error
      await poison.createIfNotExists(limit())
      await send()
    })
    await remove(message)
  }

  const release = ({ messageId, popReceipt }: Message, seconds: number) =>
    queue.updateMessage(messageId, popReceipt, undefined, seconds, limit()).catch(unlessGone)
  const remove = ({ messageId, popReceipt }: Message) =>
    queue.deleteMessage(messageId, popReceipt, limit()).catch(unlessGone)

  async function stop() {
    stopping.abort()
    await polling
    while (inHand.size > 0) await Promise.all(inHand)
  }
  return { start: () => void (polling = poll()), stop }
}

// After a lost lease another has the message: nothing is left to do.
function unlessGone(error: unknown) {
  if (!isGone(error)) throw error
}

// One line for each change of state, not for each poll.
function createNote(name: string, log: Log) {
  let known = 'there'
  return (state: string) => {
    const [kind = ''] = state.split(':')
    if (kind !== known)
      log(kind === 'there' ? 'information' : 'warning', 'Host', `queue ${name} is ${state}`)
    known = kind
  }
}

/** The waits after polls that find nothing: 100 ms, then doubling ± 20 % (RandomizedExponentialBackoffStrategy.cs). */
export function backoff(maximum: number) {
  let exponent = 0
  function next() {
    const more = exponent === 0 ? 0 : (0.8 + Math.random() * 0.4) * 2 ** (exponent - 1) * 100
    exponent += 1
    return Math.min(100 + more, maximum)
  }
  return { next, reset: () => void (exponent = 0) }
}
