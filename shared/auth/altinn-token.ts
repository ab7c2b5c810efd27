import { randomUUID, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { fetchReason, fetchText } from '../http/fetch-text.ts'
import { parseJsonOrUndefined } from '../http/json.ts'

/** A client of Maskinporten, and the platform whose tokens it gets. */
export interface AltinnClient {
  /** The platform's address, without a slash at its end. */
  platformUrl: string
  subscriptionKey: string
  clientId: string
  privateKey: KeyObject
  keyId: string
  tokenUrl: string
}

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer' // RFC 7523
const GRANT_SECONDS = 60 // Maskinporten takes at most 120
const limits = { timeoutMs: 2500, maxBytes: 65_536 } // real tokens have 1 to 4 KB
const REFRESH_BEFORE_MS = 120_000 // in the background
const UNUSABLE_BEFORE_MS = 20_000 // clocks differ
const RETRY_INTERVAL_MS = 5000
const MIN_AGE_MS = 60_000

/** A token, with epoch milliseconds. */
interface Token {
  text: string
  fetched: number
  expires: number
}

/**
 * Keeps an Altinn token of the client, with one scope: a token of Maskinporten, exchanged at the platform. It is kept until shortly before it
 * expires. One request at a time gets a new one, and none for 5 s after one that failed.
 */
export function createAltinnToken(
  client: AltinnClient,
  scope: string,
  now: () => number = Date.now,
) {
  let known: Token | undefined
  let fetching: Promise<Token> | undefined
  let failure: { error: unknown; at: number } | undefined

  async function load(): Promise<Token> {
    try {
      known = await fetchToken(client, scope, now())
      failure = undefined
      return known
    } catch (error) {
      failure = { error, at: now() }
      throw error
    } finally {
      fetching = undefined
    }
  }
  async function refresh(): Promise<Token> {
    if (fetching === undefined && failure !== undefined && now() - failure.at < RETRY_INTERVAL_MS)
      throw failure.error
    fetching ??= load()
    return fetching
  }
  const isValidFor = (ms: number): boolean => known !== undefined && known.expires - now() > ms

  return {
    /** Returns the token. Throws, naming who gives none. */
    current: async (): Promise<string> => {
      if (known !== undefined && isValidFor(REFRESH_BEFORE_MS)) return known.text
      const refreshed = refresh()
      if (known === undefined || !isValidFor(UNUSABLE_BEFORE_MS)) return (await refreshed).text
      refreshed.catch(() => {}) // the token that is there still serves
      return known.text
    },
    /** Forgets a token that is refused though it has not expired, once a minute: the fault may be another. */
    refused: (): void => {
      if (known !== undefined && now() - known.fetched >= MIN_AGE_MS) known = undefined
    },
  }
}

async function fetchToken(client: AltinnClient, scope: string, nowMs: number): Promise<Token> {
  const { platformUrl, subscriptionKey, tokenUrl } = client
  const assertion = grantOf(client, scope, Math.floor(nowMs / 1000))
  const granted = await call('Maskinporten', tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: GRANT, assertion }),
  })
  const { access_token: token } = Object(parseJsonOrUndefined(granted))
  if (typeof token !== 'string') throw new Error('Maskinporten: no access_token')
  const url = `${platformUrl}/authentication/api/v1/exchange/maskinporten`
  const exchanged = await call('the exchange of tokens', url, {
    headers: { authorization: `Bearer ${token}`, 'ocp-apim-subscription-key': subscriptionKey },
  })
  const text = exchanged.trim().replace(/^"(.*)"$/, '$1') // a JSON string where JSON is negotiated
  const { exp } = Object(jwt.decode(text))
  if (typeof exp !== 'number') throw new Error('the exchange of tokens: no token')
  return { text, fetched: nowMs, expires: exp * 1000 }
}

/** Returns the signed JWT grant (RFC 7523 §2.1). Its audience is the issuer, which has the token's address without a path. */
function grantOf(
  { clientId, privateKey, keyId, tokenUrl }: AltinnClient,
  scope: string,
  iat: number,
): string {
  const claims = {
    iss: clientId,
    aud: `${new URL(tokenUrl).origin}/`,
    scope,
    iat,
    exp: iat + GRANT_SECONDS,
    jti: randomUUID(),
  }
  return jwt.sign(claims, privateKey, { algorithm: 'RS256', keyid: keyId })
}

async function call(who: string, url: string, request: RequestInit): Promise<string> {
  try {
    return await fetchText(url, limits, request)
  } catch (error) {
    throw new Error(`${who}: ${fetchReason(error, limits)}`, { cause: error })
  }
}
