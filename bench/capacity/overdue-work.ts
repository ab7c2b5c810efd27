import { unitsOf } from './sweeps.ts'
import type { ConditionalWrite } from '../../shared/azure/conditional-write.ts'
import { CROSS_PARTITION_BATCH, MAX_PARALLEL_PARTITIONS } from '../../shared/azure/documents.ts'
import type { Clock } from '../../shared/clock.ts'
import type { OverdueDelivery } from '../../shared/deliveries/delivery-store.ts'

/** The epoch second at which the first sweep runs. */
export const BEGIN = 1_900_000_000
const OLDEST = 3600 // seconds that the first has been overdue
export const overduePage = { top: 1000, batch: CROSS_PARTITION_BATCH, bytes: 350 } // of what is selected
export const CLAIM_UNITS = 11.2 // as many as of a delivery's other writes
const TOP = overduePage.top
const [ROUND_MS, CLAIM_MS] = [10, 20 / 16] // a request; a claim and a message, sixteen at once

/** What the sweeps have asked of the store. */
export interface Spent {
  queries: number
  requests: number
  loaded: number
  claims: number
  units: number
}

export type OverdueWork = ReturnType<typeof createOverdueWork>

/**
 * So much overdue work, spread over physical partitions by chance, and its clock: only what a sweep sees. A query is
 * counted as the SDK makes it, with a batch from each partition. What is sent is done, unless `isStuck`.
 */
export function createOverdueWork(waiting: number, partitions: number, isStuck = false) {
  let nowMs = BEGIN * 1000
  const dues = new Int32Array(waiting)
  const redrives = new Uint8Array(waiting)
  const versions = new Int32Array(waiting)
  const bySecond = new Map<number, number[]>()
  const overdueIn = new Int32Array(partitions)
  const spent: Spent = { queries: 0, requests: 0, loaded: 0, claims: 0, units: 0 }
  const sent: { index: number; due: number; at: number }[] = []
  const partitionOf = (index: number) => hashOf(index) % partitions
  let [oldest, seen] = [BEGIN - OLDEST, BEGIN - OLDEST - 1]

  function setDue(index: number, due: number): void {
    dues[index] = due
    const others = bySecond.get(due)
    if (others === undefined) bySecond.set(due, [index])
    else others.push(index)
  }
  for (let index = 0; index < waiting; index++)
    setDue(index, BEGIN - OLDEST + ((index * 7919) % OLDEST))

  /** Counts what has become overdue in each partition. */
  function countOverdue(now: number): void {
    while (seen < now)
      for (const index of bySecond.get(++seen) ?? []) add(overdueIn, partitionOf(index), 1)
  }

  function firstOverdue(now: number): number[] {
    const found: number[] = []
    for (let second = oldest; second <= now && found.length < TOP; second++) {
      const left = (bySecond.get(second) ?? []).filter((index) => dues[index] === second)
      if (left.length > 0) bySecond.set(second, left)
      else if (bySecond.delete(second) || second === oldest) oldest = second + 1
      found.push(...left.slice(0, TOP - found.length))
    }
    return found
  }

  /** Counts a query: every partition returns a batch, and another one when all of it is taken. */
  function count(found: number[]): void {
    const taken = new Int32Array(partitions)
    for (const index of found) add(taken, partitionOf(index), 1)
    let [refills, loaded] = [0, 0]
    taken.forEach((many, partition) => {
      const again = Math.floor(many / CROSS_PARTITION_BATCH)
      refills += again
      loaded += Math.min(overdueIn[partition] ?? 0, (1 + again) * CROSS_PARTITION_BATCH)
    })
    spent.queries++
    spent.requests += partitions + refills
    spent.loaded += loaded
    spent.units += unitsOf(partitions + refills, loaded, overduePage.bytes)
    nowMs += (Math.ceil(partitions / MAX_PARALLEL_PARTITIONS) + refills) * ROUND_MS
  }

  const clock: Clock = {
    now: () => nowMs,
    timeout: () => ({ ended: Promise.resolve(), cancel() {} }),
  }
  return {
    clock,
    spent,
    sent,
    /** Has the clock go on to so many seconds after the beginning. */
    goTo: (seconds: number) => void (nowMs = Math.max(nowMs, (BEGIN + seconds) * 1000)),

    overdue(now: number): Promise<OverdueDelivery[]> {
      countOverdue(now)
      const found = firstOverdue(now)
      count(found)
      return Promise.resolve(
        found.map((index) => itemOf(index, redrives[index] ?? 0, versions[index] ?? 0)),
      )
    },

    claim({ id, _etag }: { id: string; _etag: string }, due: number): Promise<ConditionalWrite> {
      const index = Number(id)
      spent.claims++
      spent.units += CLAIM_UNITS
      nowMs += CLAIM_MS
      if (String(versions[index]) !== _etag)
        return Promise.resolve({ outcome: 'changed', session: undefined })
      add(versions, index, 1)
      add(overdueIn, partitionOf(index), -1)
      sent.push({ index, due: dues[index] ?? 0, at: nowMs })
      add(redrives, index, 1)
      if (isStuck) setDue(index, due)
      else dues[index] = 0
      return Promise.resolve({ outcome: 'written', etag: '', session: undefined })
    },
  }
}

const add = (counts: Int32Array | Uint8Array, index: number, by: number): void =>
  void (counts[index] = (counts[index] ?? 0) + by)

const itemOf = (index: number, redrives: number, version: number): OverdueDelivery => ({
  id: String(index),
  subscription: '1',
  resource: 'urn:altinn:resource:app_ttd_app',
  subject: '/party/1',
  state: 'waiting',
  run: 0,
  attempt: 1,
  redrives,
  traceparent: '',
  _etag: String(version),
  _ts: BEGIN,
})

const hashOf = (index: number): number => Math.imul(index, 0x9e3779b1) >>> 0
