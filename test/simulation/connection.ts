import type { Created } from '../../shared/azure/create.ts'
import type { ConditionalWrite } from '../../shared/azure/conditional-write.ts'
import type { Stored } from '../../shared/azure/documents.ts'
import { PARTITIONS, type Container, type Document, type Position } from './container.ts'
import type { FaultKind, Faults } from './faults.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** What the processes share on the way to the stores, queues and subscribers. */
export interface Network {
  scheduler: Scheduler
  random: Random
  faults: Faults
  /** Returns the ms that all replicas lag now. */
  lagMs: () => number
  /** Counts and traces a call. */
  observe: (process: Process, call: string, kind: 'store' | 'sent') => void
}

export type Connection<T extends Document> = ReturnType<typeof connect<T>>

/** Returns an error as the SDK throws it. */
export const unavailableError = () =>
  Object.assign(new Error('The service is unavailable.'), { code: 503 })

const MAX_LAG_MS = 8000 // below the 10 s that the index reads again

/**
 * A process's connection to a container with Session consistency, as the SDK's client: it remembers the position it has
 * seen of each partition, so it reads its own writes. A session token of a read replaces the remembered position.
 */
export function connect<T extends Document>(
  process: Process,
  container: Container<T>,
  { scheduler, random, faults, lagMs, observe }: Network,
) {
  const seen: Position = Array.from({ length: PARTITIONS }, () => 0)
  const isInjected = (kind: FaultKind) => random.chance(faults.rate(kind))
  function latency(maxMs: number): number {
    if (!isInjected('store-is-slow')) return random.between(1, 8)
    return random.chance(0.3) ? random.between(maxMs / 4, maxMs) : random.logUniform(50, maxMs)
  }

  /** Returns the position of the replica that answers now, at least `least`. */
  function replicaPosition(partition: number, least: number): number {
    const lag = lagMs() + (isInjected('replica-lags') ? random.logUniform(10, MAX_LAG_MS) : 0)
    const position = Math.max(least, container.positionAt(partition, scheduler.now() - lag))
    seen[partition] = Math.max(seen[partition] ?? 0, position)
    return position
  }

  /** Runs `apply` at the store, even if the process dies. Resolves with `answer` while the process is alive. */
  function call<A, R>(name: string, maxMs: number, apply: () => A, answer: (applied: A) => R) {
    observe(process, name, 'store')
    return new Promise<R>((resolve) => {
      scheduler.after(latency(maxMs), () => {
        const applied = apply()
        process.defer(latency(maxMs), () => resolve(answer(applied)))
      })
    })
  }
  function fail(name: string): Promise<never> {
    observe(process, `${name} refused`, 'store')
    return new Promise((_resolve, reject) => {
      process.defer(latency(MAX_READ_LATENCY_MS), () => reject(unavailableError()))
    })
  }
  /** Runs a write; its session token is that of its own position, which later writes may have passed when the answer comes. */
  const written = (partition: number, apply: () => Stored<T> | undefined) => () => {
    const stored = apply()
    return { stored, at: container.positionAt(partition, Infinity) }
  }
  const sessionAfterWrite = (partition: number, at: number): string => {
    seen[partition] = Math.max(seen[partition] ?? 0, at)
    return sessionToken(partition, at)
  }

  function conditionalWrite(
    name: string,
    key: string,
    partitionKey: string,
    apply: () => Stored<T> | undefined,
  ): Promise<ConditionalWrite> {
    const partition = container.partitionOf(partitionKey)
    if (isInjected('store-refuses')) return fail(`${name} ${key}`)
    const isLost = isInjected('store-loses-answer')
    const isRetried = isInjected('store-retries')
    const writing = written(partition, apply)
    const write = call(`${name} ${key}`, MAX_READ_LATENCY_MS, writing, (done): ConditionalWrite => {
      const { stored, at } = done
      if (isLost) return { outcome: 'changed', session: undefined } // rejected below; its token is lost too
      const session = sessionAfterWrite(partition, at)
      if (stored === undefined || isRetried) return { outcome: 'changed', session }
      return { outcome: 'written', etag: stored._etag, session }
    })
    return isLost ? write.then(() => Promise.reject(unavailableError())) : write
  }

  return {
    /** Returns `unconfirmed` when the call fails, and never throws. */
    create(key: string, partitionKey: string, document: T): Promise<Created> {
      const partition = container.partitionOf(partitionKey)
      const isRefused = isInjected('store-refuses')
      const isLost = isRefused || isInjected('store-loses-answer')
      const isRetried = isInjected('store-retries')
      return call(
        `create ${key}`,
        MAX_WRITE_LATENCY_MS,
        written(partition, () => (isRefused ? undefined : container.insert(key, document))),
        ({ stored, at }): Created => {
          if (isLost) return { outcome: 'unconfirmed', session: undefined }
          const session = sessionAfterWrite(partition, at)
          if (stored === undefined || isRetried) return { outcome: 'exists', session }
          return { outcome: 'created', etag: stored._etag, session }
        },
      )
    },

    read(key: string, partitionKey: string, session?: string): Promise<Stored<T> | undefined> {
      if (isInjected('store-refuses')) return fail(`read ${key}`)
      const partition = container.partitionOf(partitionKey)
      return call(
        `read ${key}`,
        MAX_READ_LATENCY_MS,
        () =>
          container.find(
            key,
            replicaPosition(partition, requiredPosition(session, partition, seen)),
          ),
        (document) => document,
      )
    },

    replace: (key: string, partitionKey: string, document: Stored<T>): Promise<ConditionalWrite> =>
      conditionalWrite('replace', key, partitionKey, () =>
        container.replace(key, document._etag, () => document),
      ),

    patch: (
      key: string,
      partitionKey: string,
      etag: string,
      modify: (current: Stored<T>) => T,
    ): Promise<ConditionalWrite> =>
      conditionalWrite('patch', key, partitionKey, () => container.replace(key, etag, modify)),

    /** Returns the result of `select` for all documents that the replicas show. */
    query<R>(name: string, select: (documents: Iterable<Stored<T>>) => R): Promise<R> {
      if (isInjected('store-refuses')) return fail(name)
      return call(
        name,
        MAX_READ_LATENCY_MS,
        () =>
          select(container.all(seen.map((least, partition) => replicaPosition(partition, least)))),
        (result) => result,
      )
    },
  }
}

const MAX_READ_LATENCY_MS = 4000 // the longest latency of the request, and of the response
const MAX_WRITE_LATENCY_MS = 6000

const sessionToken = (partition: number, position: number): string => `${partition}:-1#${position}`

/** Returns the position that a read must see. A token of another partition sets no bound, as in Cosmos DB. */
function requiredPosition(session: string | undefined, partition: number, seen: Position): number {
  if (session === undefined) return seen[partition] ?? 0
  const [, tokenPartition, position] = /^(\d+):-1#(\d+)$/.exec(session) ?? []
  return Number(tokenPartition) === partition ? Number(position) : 0
}
