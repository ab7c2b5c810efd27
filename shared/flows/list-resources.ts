import { forEachConcurrently } from '../azure/concurrency.ts'
import { appResource } from '../events/cloud-event.ts'
import { timeOf } from '../events/event-id.ts'
import type { Services } from '../services.ts'

const PAGE = 50
const CONCURRENCY = 10

/**
 * Returns a page of the resources of an org's apps that have events, by name, each with its newest event; `next` is the
 * `after` of the next page where there is one. Skips from each resource to the next by the index: a query over all partitions for each, however many events it has.
 */
export async function pageOfResources({ events }: Services, org: string, after: string) {
  const prefix = appResource({ org, app: '' })
  const end = `${prefix.slice(0, -1)}\`` // the character after _
  const names: string[] = []
  let last = after > prefix ? after : prefix
  while (names.length <= PAGE) {
    const found = last < end ? await events.nextResource(last, end) : undefined
    if (found === undefined) break
    names.push(found)
    last = found
  }
  const page = names.slice(0, PAGE)
  const latest = new Map<string, string>()
  await forEachConcurrently(page, CONCURRENCY, async (resource) => {
    const [newest] = await events.newestIds(resource, '', 1)
    if (newest !== undefined) latest.set(resource, newest.id)
  })
  const resources = [...latest.keys()].toSorted().map((resource) => {
    const id = latest.get(resource) ?? ''
    return { resource, latest: { id, time: timeOf(id).toISOString() } }
  })
  return { resources, ...(names.length > PAGE && { next: page.at(-1) }) }
}
