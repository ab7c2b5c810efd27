import type { Stored } from '../../shared/azure/documents.ts'

export interface Document {
  id: string
  ttl?: number
}

/** A write of a document; `document` is absent where it removed it. */
interface Version<T> {
  /** The number of the write in its container. */
  lsn: number
  /** Virtual ms. */
  at: number
  document?: Stored<T>
}

/** The physical partitions that a container has: enough for a session token to be of the wrong one. */
export const PARTITIONS = 2

/** How far each physical partition is seen: the number of its last write. */
export type Position = number[]

/** Hears of every write, with what was there before. */
type Listener<T> = (document: Stored<T> | undefined, before: Stored<T> | undefined) => void

interface Definition<T> {
  partitionKeyOf: (document: T) => string
  defaultTtlSeconds: number
  /** Virtual ms. */
  now: () => number
  epochSeconds: () => number
}

const LONGEST_LAG_MS = 70_000
const KEPT_WRITES = 1000

/** A document through time. */
interface Entry<T> {
  partition: number
  versions: Version<T>[]
}

export type Container<T extends Document> = ReturnType<typeof createContainer<T>>

/**
 * A container as Cosmos DB keeps it: documents unique by their full key, each with the tag and the time of its version, in
 * partitions whose replicas may lag. What it hands out is frozen: nobody changes a stored document in place.
 */
export function createContainer<T extends Document>(definition: Definition<T>) {
  const { partitionKeyOf, defaultTtlSeconds, now, epochSeconds } = definition
  const entries = new Map<string, Entry<T>>()
  const writes = Array.from({ length: PARTITIONS }, (): Version<T>[] => [])
  const listeners: Listener<T>[] = []
  let lsn = 0

  const isExpired = ({ _ts, ttl = defaultTtlSeconds }: Stored<T>) =>
    ttl > 0 && epochSeconds() >= _ts + ttl

  function shown({ versions }: Entry<T>, upTo: number): Stored<T> | undefined {
    const latest = versions.at(-1)
    const isLatest = latest === undefined || latest.lsn <= upTo
    const version = isLatest ? latest : versions.findLast((each) => each.lsn <= upTo)
    return version?.document && !isExpired(version.document) ? version.document : undefined
  }

  function find(key: string, upTo = Infinity): Stored<T> | undefined {
    const entry = entries.get(key)
    return entry && shown(entry, upTo)
  }

  function write(key: string, document: T | undefined, partitionKey: string) {
    const before = find(key)
    const partition = hash(partitionKey) % PARTITIONS
    const entry = entries.get(key) ?? { partition, versions: [] }
    const version: Version<T> = { lsn: ++lsn, at: now() }
    if (document !== undefined)
      version.document = freeze({ ...copy(document), _etag: `"${lsn}"`, _ts: epochSeconds() })
    entry.versions = [...stillShown(entry.versions, now()), version]
    entries.set(key, entry)
    const recent = writes[partition]
    recent?.push(version)
    if ((recent?.length ?? 0) > 2 * KEPT_WRITES) recent?.splice(0, KEPT_WRITES)
    for (const listener of listeners) listener(version.document, before)
    return version.document
  }

  return {
    partitionOf: (partitionKey: string): number => hash(partitionKey) % PARTITIONS,

    /** Returns the document as it was at a position; without one, as it is. */
    find,

    /** Returns all documents as they were at a position, in the order of their creation. */
    *all(position?: Position): Generator<Stored<T>> {
      for (const entry of entries.values()) {
        const document = shown(entry, position?.[entry.partition] ?? Infinity)
        if (document !== undefined) yield document
      }
    },

    /** Stores a document where none is: returns what was stored, or undefined. */
    insert(key: string, document: T): Stored<T> | undefined {
      return find(key) === undefined ? write(key, document, partitionKeyOf(document)) : undefined
    },

    /** Stores what `modify` makes of a document that still has the tag: returns what was stored, or undefined. */
    replace(key: string, etag: string, modify: (current: Stored<T>) => T): Stored<T> | undefined {
      const current = find(key)
      if (current?._etag !== etag) return undefined
      return write(key, modify(current), partitionKeyOf(current))
    },

    /** Erases a document. */
    remove(key: string): void {
      const current = find(key)
      if (current !== undefined) write(key, undefined, partitionKeyOf(current))
    },

    /** The number of the last write of a partition at a virtual time. */
    positionAt: (partition: number, time: number): number =>
      writes[partition]?.findLast(({ at }) => at <= time)?.lsn ?? 0,

    onWrite: (listener: Listener<T>): void => void listeners.push(listener),
  }
}

/** The versions that a replica may still show. */
function stillShown<T>(versions: Version<T>[] | undefined, now: number): Version<T>[] {
  if (versions === undefined) return []
  const oldest = versions.findLastIndex(({ at }) => at < now - LONGEST_LAG_MS)
  return oldest > 0 ? versions.slice(oldest) : versions
}

/** As the wire makes it: members without a value are gone. */
const copy = <T>(document: T): T => JSON.parse(JSON.stringify(document))

function freeze<T extends object>(document: T): T {
  for (const member of Object.values(document))
    if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(document)
}

function hash(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (sum * 31 + text.charCodeAt(index)) >>> 0
  return sum
}
