import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { CONCURRENCY, unlessRefused, type ReadApi } from './api-client.ts'

const RATE_MINUTES = 5
const MINUTE_MS = 60_000
const MAX_RESOURCES = 5

/** Events by the minute, as texts: delivered to each subscription, and accepted of each resource of the caller's apps. */
export interface Rates {
  delivered: Map<number, string>
  accepted: { resource: string; perMinute: string }[]
}

/** Reads how many events were delivered to these subscriptions, and accepted, by the minute over the last five. */
export async function readRates(read: ReadApi, ids: number[], now: number): Promise<Rates> {
  const delivered = new Map<number, string>()
  await forEachConcurrently(ids, CONCURRENCY, async (id) => {
    const found = await readDelivered(read, id, now)
    if (found !== undefined) delivered.set(id, found)
  })
  return { accepted: await readAccepted(read, now), delivered }
}

async function readDelivered(read: ReadApi, id: number, now: number): Promise<string | undefined> {
  const since = new Date(now - RATE_MINUTES * MINUTE_MS).toISOString()
  const found = await unlessRefused(read(`/subscriptions/${id}/statistics?from=${since}`))
  if (found === undefined) return undefined
  const { from, to, buckets } = Object(found.body)
  const counts = buckets.map(({ delivered }: { delivered: number }) => delivered)
  return rate(counts, (Date.parse(to) - Date.parse(from)) / MINUTE_MS)
}

/** A caller that owns no app has no such lines. */
async function readAccepted(read: ReadApi, now: number): Promise<Rates['accepted']> {
  const found = await unlessRefused(read('/resources'))
  const resources: { resource: string }[] = Object(found?.body)['resources'] ?? []
  return Promise.all(
    resources.slice(0, MAX_RESOURCES).map(async ({ resource }) => {
      const { body } = await read(`/resources/${encodeURIComponent(resource)}/activity`)
      const minutes: { at: string; count: number }[] = Object(body)['perMinute']
      const recent = minutes.filter(({ at }) => Date.parse(at) > now - RATE_MINUTES * MINUTE_MS)
      const perMinute = rate(
        recent.map(({ count }) => count),
        RATE_MINUTES,
      )
      return { resource, perMinute }
    }),
  )
}

function rate(counts: number[], minutes: number): string {
  const perMinute = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, minutes)
  return String(Math.round(perMinute * 10) / 10)
}
