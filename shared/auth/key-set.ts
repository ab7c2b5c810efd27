import { createPublicKey, type KeyObject } from 'node:crypto'
import Joi from 'joi'
import jwksRsa from 'jwks-rsa'

const MINUTE = 60_000
const REFRESH_AFTER = 50 * MINUTE // in the background, so no request waits
const MAX_AGE = 60 * MINUTE
const MAX_STALE_AGE = 24 * 60 * MINUTE // during an outage of the key server
const RETRY_INTERVAL = 30_000 // after a failed refresh
const UNKNOWN_KID_INTERVAL = MINUTE
const FETCH_MS = 5000
const MAX_BYTES = 1_048_576 // real key sets have some 10 KB

/** The signing keys of an issuer. `find` returns no keys instead of throwing. */
export interface KeySet {
  find(kid: string | undefined): Promise<KeyObject[]>
  readonly hasKeys: boolean
}

/**
 * Caches the signing keys at a JWKS URL, which `resolveUri` returns. Use refreshes them. An unknown `kid` causes at most
 * one extra fetch a minute, so forged tokens can neither flood the key server nor lock out known keys (the rate limit of
 * jwks-rsa would lock them out). `now` is in ms of the epoch.
 */
export function createKeySet(resolveUri: () => Promise<string>, now = Date.now): KeySet {
  let keys: { kid: string | undefined; key: KeyObject }[] = []
  let fetchedAt = -Infinity
  let failedAt = -Infinity
  let unknownKidRefreshedAt = -Infinity
  let fetching: Promise<void> | undefined

  async function load(): Promise<void> {
    try {
      keys = await fetchKeys(await resolveUri())
      fetchedAt = now()
    } catch {
      failedAt = now() // cached keys stay valid, other tokens are rejected: an outage causes no 5xx
    }
  }
  function refresh(): Promise<void> {
    fetching ??= load().finally(() => (fetching = undefined))
    return fetching
  }
  async function ensureFresh(): Promise<void> {
    const age = now() - fetchedAt
    const pause = keys.length === 0 ? 1000 : RETRY_INTERVAL
    if (age < REFRESH_AFTER || now() - failedAt < pause) return
    const refreshed = refresh()
    const isOutage = failedAt > fetchedAt // then stale keys serve at once: each try may hang for 5 s
    if (age > MAX_STALE_AGE || (age >= MAX_AGE && !isOutage)) await refreshed
  }
  function currentKeys(kid: string | undefined): KeyObject[] {
    if (now() - fetchedAt > MAX_STALE_AGE) return []
    const exact = keys.filter((entry) => entry.kid === kid)
    return (exact.length > 0 ? exact : keys).map(({ key }) => key) // an unknown kid matches all keys, as in the original
  }
  async function refreshForUnknownKid(): Promise<void> {
    if (now() - fetchedAt < 1000 || now() - unknownKidRefreshedAt < UNKNOWN_KID_INTERVAL) return
    unknownKidRefreshedAt = now()
    await refresh()
  }
  return {
    async find(kid) {
      await ensureFresh()
      if (kid !== undefined && keys.length > 0 && !keys.some((entry) => entry.kid === kid))
        await refreshForUnknownKid()
      return currentKeys(kid)
    },
    get hasKeys() {
      return keys.length > 0
    },
  }
}

const jwks = Joi.object<{ keys: object[] }>({ keys: Joi.array().required() }).unknown()
const openIdConfiguration = Joi.object<{ jwks_uri: string }>({
  jwks_uri: Joi.string()
    .uri({ scheme: ['http', 'https'] })
    .required(),
}).unknown()

/** Returns the `jwks_uri` of an OpenID Connect Discovery 1.0 document. Throws when the document is unavailable or invalid. */
export async function jwksUriOf(openIdConfigurationUrl: string): Promise<string> {
  return (await fetchJson(openIdConfigurationUrl, openIdConfiguration)).jwks_uri
}

async function fetchKeys(jwksUri: string) {
  const client = jwksRsa({ jwksUri, cache: false, fetcher: (url) => fetchJson(url, jwks) })
  const found = await client.getSigningKeys()
  return found.map((key) => ({ kid: key.kid, key: createPublicKey(key.getPublicKey()) }))
}

/** Fetches JSON within 5 s, of at most 1 MB and without redirects: this response decides who may publish. */
async function fetchJson<T>(url: string, schema: Joi.ObjectSchema<T>): Promise<T> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_MS) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return Joi.attempt(JSON.parse(await readLimited(answer)), schema)
}

/** Returns the decompressed text. Throws above `MAX_BYTES`, which also closes the connection. */
async function readLimited({ body, url }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
