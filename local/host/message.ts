// What a function gets of a queue message (QueueTriggerBinding.cs).
import { isUtf8 } from 'node:buffer'
import type { DequeuedMessageItem } from '@azure/storage-queue'

export type Message = DequeuedMessageItem

/** The bytes of a message; undefined where its text is not base64, as .NET reads it. */
export function decodeBase64(text: string) {
  const bare = text.replaceAll(/\s/g, '')
  const valid = bare.length % 4 === 0 && /^[a-z\d+/]*={0,2}$/i.test(bare)
  return valid ? Buffer.from(bare, 'base64') : undefined
}

/**
 * What the function is called with; undefined where the bytes should be text and are not UTF-8. The real host also mixes
 * the members of a JSON text into `triggerMetadata`, where they replace its own of the same names.
 */
export function callFor(message: Message, bytes: Buffer, dataType?: string) {
  if (dataType !== 'binary' && !isUtf8(bytes)) return undefined
  const metadata = {
    DequeueCount: { json: `${message.dequeueCount}` },
    ExpirationTime: timestamp(message.expiresOn),
    Id: { string: message.messageId },
    InsertionTime: timestamp(message.insertedOn),
    NextVisibleTime: timestamp(message.nextVisibleOn),
    PopReceipt: { string: message.popReceipt },
  }
  return { data: dataType === 'binary' ? { bytes } : { string: String(bytes) }, metadata }
}

const timestamp = (date: Date) => ({ string: date.toISOString().replace(/\.\d+Z$/, '+00:00') })
