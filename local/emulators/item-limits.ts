import type { Json } from './json.ts'
import { badRequest, HttpError } from './http-error.ts'

// https://learn.microsoft.com/azure/cosmos-db/concepts-limits#per-item-limits
const maxItemBytes = 2 * 1024 * 1024
const acceptableId = /^[^/\\]{1,1023}$/
const maxTtlSeconds = 2_147_483_647

const systemProperties = new Set(['_rid', '_self', '_etag', '_ts'])

/** Refuses an item that Azure would not store. */
export function checkItem(item: Json): void {
  checkId(item['id'])
  if ('ttl' in item) checkTtl(item['ttl'])
  const own = Object.entries(item).filter(([name]) => !systemProperties.has(name))
  const bytes = Buffer.byteLength(JSON.stringify(Object.fromEntries(own)))
  if (bytes > maxItemBytes) throw new HttpError(413, 'Request size is too large')
}

function checkId(id: unknown): void {
  if (typeof id === 'string' && acceptableId.test(id)) return
  throw badRequest(`One of the specified inputs is invalid: id ${JSON.stringify(id)}`)
}

/** Null is refused too: https://github.com/MicrosoftDocs/azure-docs/issues/107151 */
export function checkTtl(ttl: unknown): void {
  const isSeconds = Number.isInteger(ttl) && Number(ttl) > 0 && Number(ttl) <= maxTtlSeconds
  if (isSeconds || ttl === -1) return
  throw badRequest(
    `The input ttl '${JSON.stringify(ttl)}' is invalid. Ensure to provide a nonzero positive ` +
      `integer less than or equal to '${maxTtlSeconds}', or '-1' which means never expire.`,
  )
}

/** Whether an item has outlived its own `ttl`, else the container's; neither counts without the latter. */
export function isExpired(item: Json, defaultTtl: number | undefined, now = Date.now()): boolean {
  if (defaultTtl === undefined) return false
  const ttl = Number(item['ttl'] ?? defaultTtl)
  return ttl > 0 && Math.floor(now / 1000) - Number(item['_ts']) > ttl // whole seconds, never early
}
