import { hash, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { createBoundedMap } from '../bounded-map.ts'
import type { KeySet } from './key-set.ts'

export const SKEW_SECONDS = 10 // clocks of clusters have drifted from the platform's, altinn-contract §2.3
const MAX_LENGTH = 16_384 // real tokens have 1 to 4 KB
const CACHE_MS = 5 * 60_000
const MAX_CACHED = 10_000
const jwtFormat = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** The claims of a token. */
export type Claims = Readonly<Record<string, unknown>>

/** The claims of a valid token, or that the keys which would tell cannot be had now. */
export type Verdict = Claims | 'invalid' | 'unavailable'

/**
 * Returns a verifier for one kind of token: RS256 with a key of the set that `keySetFor` finds by the unverified claims,
 * `exp` required, 10 s of tolerance (altinn-contract §2.2, §3). It caches valid tokens until they expire, for 5 minutes at
 * most: the real client reuses its tokens.
 */
export function createTokenVerifier(keySetFor: (claims: Claims) => KeySet | undefined) {
  const verifiedTokens = createBoundedMap<{ claims: Claims; until: number }>(MAX_CACHED)

  async function verify(token: string): Promise<Verdict> {
    const unverified = decode(token)
    const keySet = unverified && keySetFor(unverified.claims)
    if (keySet === undefined) return 'invalid'
    const keys = await keySet.find(unverified?.kid)
    if (keys === 'unavailable') return keys
    const verdict = verdictOf(token, keys)
    if (verdict !== 'wrong signature') return verdict
    const renewedKeys = await keySet.renew(unverified?.kid) // a key may change under the same kid
    if (renewedKeys === 'unavailable') return renewedKeys
    const renewed = verdictOf(token, renewedKeys)
    return renewed === 'wrong signature' ? 'invalid' : renewed
  }
  function cache(digest: string, claims: Claims): void {
    const until = Math.min(Number(claims['exp']) * 1000, Date.now() + CACHE_MS)
    verifiedTokens.set(digest, { claims, until })
  }
  return async (token: string): Promise<Verdict> => {
    if (token.length > MAX_LENGTH || !jwtFormat.test(token)) return 'invalid'
    const digest = hash('sha256', token, 'base64')
    const cached = verifiedTokens.get(digest)
    if (cached !== undefined && Date.now() < cached.until) return cached.claims
    const verdict = await verify(token)
    if (typeof verdict === 'object') cache(digest, verdict)
    return verdict
  }
}

function decode(token: string): { kid: string | undefined; claims: Claims } | undefined {
  const decoded = decodeOrNull(token)
  if (!decoded || typeof decoded.payload !== 'object' || decoded.payload === null) return undefined
  if (decoded.header.alg !== 'RS256') return undefined
  if (decoded.header.crit !== undefined) return undefined // unsupported extensions, RFC 7515 §4.1.11
  return { kid: decoded.header.kid, claims: decoded.payload }
}

/** Returns null also when the payload of a `typ: JWT` token is not JSON, for which the library throws. */
function decodeOrNull(token: string) {
  try {
    return jwt.decode(token, { complete: true })
  } catch {
    return null
  }
}

/** Returns what the first key says under which the signature is right. */
function verdictOf(token: string, keys: KeyObject[]): Claims | 'invalid' | 'wrong signature' {
  for (const key of keys) {
    const verdict = verdictBy(token, key)
    if (verdict !== 'wrong signature') return verdict
  }
  return 'wrong signature'
}

function verdictBy(token: string, key: KeyObject): Claims | 'invalid' | 'wrong signature' {
  try {
    const claims = jwt.verify(token, key, { algorithms: ['RS256'], clockTolerance: SKEW_SECONDS })
    return typeof claims === 'string' || typeof claims.exp !== 'number' ? 'invalid' : claims
  } catch (error) {
    const isSigned = error instanceof jwt.TokenExpiredError || error instanceof jwt.NotBeforeError
    return isSigned ? 'invalid' : 'wrong signature' // or a key that is none for RS256: another may fit
  }
}
