import type { Stored } from '../../shared/azure/documents.ts'

export interface Document {
  id: string
  ttl?: number
}

/** A write of a document; `document` is absent when the write removed it. */
interface Version<T> {
  /** The number of the write in its container. */
  lsn: number
  /** Virtual ms. */
  at: number
  document?: Stored<T>
}

/** The number of physical partitions of a container: two, so that a session token can belong to another one. */
export const PARTITIONS = 2

/** A position in each physical partition: the number of its last visible write. */
export type Position = number[]

/** Called after every write, with the document before it. */
type Listener<T> = (document: Stored<T> | undefined, before: Stored<T> | undefined) => void

interface Definition<T> {
  partitionKeyOf: (document: T) => string
  defaultTtlSeconds: number
  /** Virtual ms. */
  now: () => number
  epochSeconds: () => number
}

const MAX_LAG_MS = 70_000
const MIN_KEPT_WRITES = 1000

/** The versions of a document. */
interface Entry<T> {
  partition: number
  versions: Version<T>[]
}

export type Container<T extends Document> = ReturnType<typeof createContainer<T>>

/**
 * A simulated Cosmos DB container: documents are unique by their full key, have an `_etag` and a `_ts`, and are in
 * partitions whose replicas may lag. Documents are frozen, so that no caller can change a stored one in place.
 */
export function createContainer<T extends Document>(definition: Definition<T>) {
  const { partitionKeyOf, defaultTtlSeconds, now, epochSeconds } = definition
  const entries = new Map<string, Entry<T>>()
  const writes = Array.from({ length: PARTITIONS }, (): Version<T>[] => [])
  const listeners: Listener<T>[] = []
  let lsn = 0

  const isExpired = ({ _ts, ttl = defaultTtlSeconds }: Stored<T>) =>
    ttl > 0 && epochSeconds() >= _ts + ttl

  function visibleVersion({ versions }: Entry<T>, upTo: number): Stored<T> | undefined {
    const latest = versions.at(-1)
    const isLatest = latest === undefined || latest.lsn <= upTo
    const version = isLatest ? latest : versions.findLast((each) => each.lsn <= upTo)
    return version?.document && !isExpired(version.document) ? version.document : undefined
  }

  function find(key: string, upTo = Infinity): Stored<T> | undefined {
    const entry = entries.get(key)
    return entry && visibleVersion(entry, upTo)
  }

  function write(key: string, document: T | undefined, partitionKey: string) {
    const before = find(key)
    const partition = hash(partitionKey) % PARTITIONS
    const entry = entries.get(key) ?? { partition, versions: [] }
    const version: Version<T> = { lsn: ++lsn, at: now() }
    if (document !== undefined)
      version.document = frozenCopy({ ...document, _etag: `"${lsn}"`, _ts: epochSeconds() })
    entry.versions = recentVersions(entry.versions, now())
    entry.versions.push(version)
    entries.set(key, entry)
    const partitionWrites = writes[partition]
    partitionWrites?.push(version)
    if ((partitionWrites?.length ?? 0) > 2 * MIN_KEPT_WRITES)
      partitionWrites?.splice(0, MIN_KEPT_WRITES)
    for (const listener of listeners) listener(version.document, before)
    return version.document
  }

  return {
    partitionOf: (partitionKey: string): number => hash(partitionKey) % PARTITIONS,

    /** Returns the document at a position, by default the latest one. */
    find,

    /** Returns the latest version of a document, even if it has expired. */
    latest: (key: string): Stored<T> | undefined => entries.get(key)?.versions.at(-1)?.document,

    /** Returns all documents at a position, in the order of their creation. */
    all(position?: Position): Stored<T>[] {
      const found: Stored<T>[] = []
      for (const entry of entries.values()) {
        const document = visibleVersion(entry, position?.[entry.partition] ?? Infinity)
        if (document !== undefined) found.push(document)
      }
      return found
    },

    /** Creates a document. Returns it as stored, or undefined when the key exists. */
    insert(key: string, document: T): Stored<T> | undefined {
      return find(key) === undefined ? write(key, document, partitionKeyOf(document)) : undefined
    },

    /** Replaces a document by the result of `modify`. Returns it as stored, or undefined when its etag has changed. */
    replace(key: string, etag: string, modify: (current: Stored<T>) => T): Stored<T> | undefined {
      const current = find(key)
      if (current?._etag !== etag) return undefined
      return write(key, modify(current), partitionKeyOf(current))
    },

    /** Deletes a document. */
    remove(key: string): void {
      const current = find(key)
      if (current !== undefined) write(key, undefined, partitionKeyOf(current))
    },

    /** Returns the number of the last write to a partition at a virtual time. */
    positionAt: (partition: number, time: number): number =>
      writes[partition]?.findLast(({ at }) => at <= time)?.lsn ?? 0,

    onWrite: (listener: Listener<T>): void => void listeners.push(listener),
  }
}

/** Returns the versions that a lagging replica may still show. */
function recentVersions<T>(versions: Version<T>[] | undefined, now: number): Version<T>[] {
  if (versions === undefined) return []
  const oldest = versions.findLastIndex(({ at }) => at < now - MAX_LAG_MS)
  return oldest > 0 ? versions.slice(oldest) : versions
}

/**
 * Copies a document as JSON does, without undefined members, and freezes the copy. Shares what is frozen already: a parsed
 * text would cost an eighth of the simulation, and most writes change one member of a stored document.
 */
function frozenCopy<T extends object>(document: T): T {
  const copy: T = Array.isArray(document) ? Object.assign([], document) : { ...document }
  for (const name in copy) {
    const member = copy[name]
    if (member === undefined) delete copy[name]
    else if (typeof member === 'object' && member !== null && !Object.isFrozen(member))
      copy[name] = frozenCopy(member)
  }
  return Object.freeze(copy)
}

function hash(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (sum * 31 + text.charCodeAt(index)) >>> 0
  return sum
}
