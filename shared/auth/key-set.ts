import { createPublicKey, type KeyObject } from 'node:crypto'
import Joi from 'joi'
import jwksRsa from 'jwks-rsa'

const MINUTE = 60_000
const REFRESH_AFTER = 50 * MINUTE // in the background, so that no request waits for it
const MAX_AGE = 60 * MINUTE
const MAX_STALE_AGE = 24 * 60 * MINUTE // while the key server is down
const RETRY_INTERVAL = 30_000 // between tries to refresh that fail
const UNKNOWN_KID_INTERVAL = MINUTE
const FETCH_MS = 5000
const MAX_BYTES = 1_048_576 // real key sets have some 10 KB

/** Keys by which an issuer signs. `find` never throws: no key means no trust. */
export interface KeySet {
  find(kid: string | undefined): Promise<KeyObject[]>
  readonly hasKeys: boolean
}

/**
 * The signing keys at a JWKS address, kept as a whole. They refresh themselves when used; an unknown `kid` causes at
 * most one more fetch a minute, apart from those refreshes, so that a stranger's tokens can neither flood the key server
 * nor lock out known keys (jwks-rsa's own rate limit would do that). `locate` gives the address, in ms `now` the time.
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
      failedAt = now() // no key server is no reason for a 5xx: what is known goes on, the rest is refused
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
    const isOutage = failedAt > fetchedAt // then the keys serve at once: a server that hangs would cost each try 5 s
    if (age > MAX_STALE_AGE || (age >= MAX_AGE && !isOutage)) await refreshed
  }
  function currentKeys(kid: string | undefined): KeyObject[] {
    if (now() - fetchedAt > MAX_STALE_AGE) return []
    const exact = keys.filter((entry) => entry.kid === kid)
    return (exact.length > 0 ? exact : keys).map(({ key }) => key) // an unknown kid: all are tried, as the original
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

/** Where an OpenID Connect Discovery 1.0 document says that its issuer's keys are. */
export async function jwksUriOf(openIdConfigurationUrl: string): Promise<string> {
  return (await fetchJson(openIdConfigurationUrl, openIdConfiguration)).jwks_uri
}

async function fetchKeys(jwksUri: string) {
  const client = jwksRsa({ jwksUri, cache: false, fetcher: (url) => fetchJson(url, jwks) })
  const found = await client.getSigningKeys()
  return found.map((key) => ({ kid: key.kid, key: createPublicKey(key.getPublicKey()) }))
}

/** 5 s and 1 MB in all, no redirects: whoever answers here decides who may publish. */
async function fetchJson<T>(url: string, schema: Joi.ObjectSchema<T>): Promise<T> {
  const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(FETCH_MS) })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return Joi.attempt(JSON.parse(await readLimited(answer)), schema)
}

/** The text of an answer, counted as it is unpacked; leaving the loop drops the connection. */
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
