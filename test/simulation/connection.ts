import type { Created } from '../../shared/azure/create.ts'
import type { ConditionalWrite } from '../../shared/azure/conditional-write.ts'
import type { Stored } from '../../shared/azure/documents.ts'
import { PARTITIONS, type Container, type Document, type Position } from './container.ts'
import type { FaultKind, Faults } from './faults.ts'
import type { Process } from './process.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

/** What lies between the processes and the stores. */
export interface Network {
  scheduler: Scheduler
  random: Random
  faults: Faults
  /** How far all replicas lag at this moment. */
  lagMs: () => number
  /** Counts and traces a call. */
  observe: (process: Process, call: string) => void
}

export type Connection<T extends Document> = ReturnType<typeof connect<T>>

/** An error as the SDK throws it. */
export const unavailable = () =>
  Object.assign(new Error('The service is unavailable.'), { code: 503 })

const MAX_LAG_MS = 8000 // below what the index reads again: 10 s

/**
 * A process's connection to a container, as the SDK keeps one at Session consistency: it remembers how far it has seen
 * each partition, and sees its own writes. A session token given to a read counts in the place of what it remembers.
 */
export function connect<T extends Document>(
  process: Process,
  container: Container<T>,
  { scheduler, random, faults, lagMs, observe }: Network,
) {
  const seen: Position = Array.from({ length: PARTITIONS }, () => 0)
  const hits = (kind: FaultKind) => random.chance(faults.rate(kind))
  function latency(most: number): number {
    if (!hits('store-is-slow')) return random.between(1, 8)
    return random.chance(0.3) ? random.between(most / 4, most) : random.skewed(50, most)
  }

  /** How far a replica is that answers now: not behind `least`. */
  function replica(partition: number, least: number): number {
    const lag = lagMs() + (hits('replica-lags') ? random.skewed(10, MAX_LAG_MS) : 0)
    const position = Math.max(least, container.positionAt(partition, scheduler.now() - lag))
    seen[partition] = Math.max(seen[partition] ?? 0, position)
    return position
  }

  /** `apply` happens at the store, whatever becomes of the process; `answer` makes of it what the process gets. */
  function call<A, R>(name: string, most: number, apply: () => A, answer: (applied: A) => R) {
    observe(process, name)
    return new Promise<R>((resolve) => {
      scheduler.after(latency(most), () => {
        const applied = apply()
        process.defer(latency(most), () => resolve(answer(applied)))
      })
    })
  }
  function fail(name: string): Promise<never> {
    observe(process, `${name} refused`)
    return new Promise((_resolve, reject) => {
      process.defer(latency(READ_MS), () => reject(unavailable()))
    })
  }
  const written = (partition: number): string => {
    seen[partition] = Math.max(seen[partition] ?? 0, container.positionAt(partition, Infinity))
    return tokenOf(partition, container.positionAt(partition, Infinity))
  }

  function conditionalWrite(
    name: string,
    key: string,
    partitionKey: string,
    apply: () => Stored<T> | undefined,
  ): Promise<ConditionalWrite> {
    const partition = container.partitionOf(partitionKey)
    if (hits('store-refuses')) return fail(`${name} ${key}`)
    const isLost = hits('store-loses-answer')
    const isRetried = hits('store-retries')
    const write = call(`${name} ${key}`, READ_MS, apply, (stored): ConditionalWrite => {
      const session = written(partition)
      if (stored === undefined || isRetried) return { outcome: 'changed', session }
      return { outcome: 'written', etag: stored._etag, session }
    })
    return isLost ? write.then(() => Promise.reject(unavailable())) : write
  }

  return {
    /** Throws nothing: what is not confirmed is an outcome. */
    create(key: string, partitionKey: string, document: T): Promise<Created> {
      const partition = container.partitionOf(partitionKey)
      const isRefused = hits('store-refuses')
      const isLost = isRefused || hits('store-loses-answer')
      const isRetried = hits('store-retries')
      return call(
        `create ${key}`,
        WRITE_MS,
        () => (isRefused ? undefined : container.insert(key, document)),
        (stored): Created => {
          if (isLost) return { outcome: 'unconfirmed', session: undefined }
          const session = written(partition)
          if (stored === undefined || isRetried) return { outcome: 'exists', session }
          return { outcome: 'created', etag: stored._etag, session }
        },
      )
    },

    read(key: string, partitionKey: string, session?: string): Promise<Stored<T> | undefined> {
      if (hits('store-refuses')) return fail(`read ${key}`)
      const partition = container.partitionOf(partitionKey)
      return call(
        `read ${key}`,
        READ_MS,
        () => container.find(key, replica(partition, leastOf(session, partition, seen))),
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

    /** Returns what `select` makes of all documents, as the replicas show them. */
    query<R>(name: string, select: (documents: Iterable<Stored<T>>) => R): Promise<R> {
      if (hits('store-refuses')) return fail(name)
      return call(
        name,
        READ_MS,
        () => select(container.all(seen.map((least, partition) => replica(partition, least)))),
        (result) => result,
      )
    },
  }
}

const READ_MS = 4000 // the slowest way there, and the slowest back
const WRITE_MS = 6000

const tokenOf = (partition: number, position: number): string => `${partition}:-1#${position}`

/** What a token says of a partition: one of another partition says nothing, and then nothing else does. */
function leastOf(session: string | undefined, partition: number, seen: Position): number {
  if (session === undefined) return seen[partition] ?? 0
  const [, of, position] = /^(\d+):-1#(\d+)$/.exec(session) ?? []
  return Number(of) === partition ? Number(position) : 0
}
