// What a function gets of a queue message: its text or bytes, and `triggerMetadata` as the host makes it up
// (QueueTriggerBinding.cs, ApplyBindingData in Utility.cs).
import { randomUUID } from 'node:crypto'
import type { DequeuedMessageItem } from '@azure/storage-queue'
import type { TypedData } from './worker.ts'

export type Message = Pick<DequeuedMessageItem, 'messageId' | 'popReceipt' | 'messageText'> &
  Pick<DequeuedMessageItem, 'dequeueCount' | 'insertedOn' | 'expiresOn' | 'nextVisibleOn'>

/** The bytes of a message; undefined where its text should be base64 and is not (as .NET reads it). */
export function decode(text: string, base64: boolean) {
  if (!base64) return Buffer.from(text)
  const bare = text.replaceAll(/\s/g, '')
  const valid = bare.length % 4 === 0 && /^[a-z\d+/]*={0,2}$/i.test(bare)
  return valid ? Buffer.from(bare, 'base64') : undefined
}

/** What the function is called with; undefined where the bytes should be text and are not UTF-8. */
export function toCall(message: Message, bytes: Uint8Array, dataType = 'string') {
  const metadata = describe(message)
  if (dataType === 'binary') return { data: { bytes }, metadata }
  const text = decodeUtf8(bytes)
  if (text === undefined) return undefined
  return {
    data: { string: text },
    metadata: mix({ ...metadata, QueueTrigger: { string: text } }, text),
  }
}

/** The same for an input given by hand: the host makes a message of it. */
export function toAdminCall(input: string) {
  const now = new Date()
  const made = { messageId: randomUUID(), popReceipt: '', messageText: input, dequeueCount: 0 }
  return toCall(
    { ...made, insertedOn: now, expiresOn: now, nextVisibleOn: now },
    Buffer.from(input),
  )
}

function decodeUtf8(bytes: Uint8Array) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function describe(message: Message): Record<string, TypedData> {
  return {
    DequeueCount: { json: `${message.dequeueCount}` },
    ExpirationTime: time(message.expiresOn),
    Id: { string: message.messageId },
    InsertionTime: time(message.insertedOn),
    NextVisibleTime: time(message.nextVisibleOn),
    PopReceipt: { string: message.popReceipt },
  }
}

const time = (date: Date) => ({ string: date.toISOString().replace(/\.\d+Z$/, '+00:00') })

// The payload's own members come in, and replace the host's of the same name in any case.
function mix(metadata: Record<string, TypedData>, text: string) {
  const names = new Map(Object.keys(metadata).map((name) => [name.toLowerCase(), name]))
  for (const [given, value] of Object.entries(parseObject(text))) {
    if (value === null || Array.isArray(value)) continue
    const name = names.get(given.toLowerCase()) ?? given
    names.set(given.toLowerCase(), name)
    metadata[name] =
      typeof value === 'object' ? { json: JSON.stringify(value) } : { string: inDotNet(value) }
  }
  return metadata
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value && !Array.isArray(value) ? value : {}
  } catch {
    return {}
  }
}

// Newtonsoft's JValue as a string, in the invariant culture: True, and 01/02/2024 03:04:05 for an ISO time.
function inDotNet(value: unknown) {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  const text = String(value)
  const found = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text)
  const date = new Date(found?.[1] ? text : `${text}Z`)
  if (!found || Number.isNaN(date.getTime())) return text
  return date.toISOString().replace(/(.+)-(.+)-(.+)T(.+)\..+/, '$2/$3/$1 $4')
}
