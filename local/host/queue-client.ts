// The storage SDK as the queue trigger uses it: opening an account, and holding a message's lease.
import { setTimeout as sleep } from 'node:timers/promises'
import { QueueServiceClient, RestError } from '@azure/storage-queue'
import type { QueueClient } from '@azure/storage-queue'
import type { Message } from './queue-message.ts'

const retryOptions = { maxTries: 3, retryDelayInMs: 50, maxRetryDelayInMs: 200 }

/** For every call: the SDK's own time limits do not end a hang. */
export const limit = () => ({ abortSignal: AbortSignal.timeout(10_000) })

/** Whether the queue, or the message under this receipt, is not there (any more). */
export const isGone = (error: unknown) =>
  error instanceof RestError &&
  ['QueueNotFound', 'MessageNotFound', 'PopReceiptMismatch'].includes(error.code ?? '')

/** Opens the account of a connection: a connection string, or NAME__queueServiceUri with an identity. */
export async function openAccount(name: string) {
  const text = process.env[name]
  if (text) return QueueServiceClient.fromConnectionString(text, { retryOptions })
  const url = process.env[`${name}__queueServiceUri`]
  if (!url) throw new Error(`the setting ${name} (or ${name}__queueServiceUri) is missing`)
  const { DefaultAzureCredential } = await import('@azure/identity')
  const clientId = process.env[`${name}__clientId`]
  const identity = new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {})
  return new QueueServiceClient(url, identity, { retryOptions })
}

/** Renews the lease at half its time, sooner after a failed try. Each renewal gives a new receipt: ending it, the last. */
export function keepLease(queue: QueueClient, message: Message, seconds: number) {
  const ended = new AbortController()
  const half = seconds * 500
  let receipt = message.popReceipt
  async function renew() {
    let wait = half
    while (await sleep(wait, true, { signal: ended.signal }).catch(() => false)) {
      const renewal = queue.updateMessage(message.messageId, receipt, undefined, seconds, limit())
      const renewed = await renewal.catch(() => undefined)
      receipt = renewed?.popReceipt ?? receipt
      wait = renewed ? half : Math.max(wait / 2, half / 10)
    }
  }
  const renewing = renew()
  return async () => {
    ended.abort()
    await renewing
    return receipt
  }
}
