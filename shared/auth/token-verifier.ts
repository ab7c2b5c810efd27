import { hash, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { KeySet } from './key-set.ts'

const SKEW_SECONDS = 10 // clocks of clusters have drifted from the platform's, altinn-contract §2.3
const MAX_LENGTH = 16_384 // real tokens have 1 to 4 KB
const CACHE_MS = 5 * 60_000
const MAX_CACHED = 10_000
const jwtFormat = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** The claims of a token. */
export type Claims = Readonly<Record<string, unknown>>

/**
 * Returns a verifier for one kind of token: RS256 with a key that `keysFor` finds by the unverified claims, `exp` required,
 * 10 s of tolerance (altinn-contract §2.2, §3). The verifier returns the claims, or undefined for an invalid token. It
 * caches valid tokens until they expire, for 5 minutes at most: the real client reuses its tokens.
 */
export function createTokenVerifier(keysFor: (claims: Claims) => KeySet | undefined) {
  const verifiedTokens = new Map<string, { claims: Claims; until: number }>()

  async function verify(token: string): Promise<Claims | undefined> {
    const unverified = decode(token)
    const keys = unverified && (await keysFor(unverified.claims)?.find(unverified.kid))
    for (const key of keys ?? []) {
      const claims = claimsSignedBy(token, key)
      if (claims !== undefined) return claims
    }
    return undefined
  }
  function cache(digest: string, claims: Claims, expiresAt: number): void {
    const [oldest] = verifiedTokens.keys()
    if (verifiedTokens.size >= MAX_CACHED && oldest !== undefined) verifiedTokens.delete(oldest)
    verifiedTokens.set(digest, { claims, until: Math.min(expiresAt, Date.now() + CACHE_MS) })
  }
  return async (token: string): Promise<Claims | undefined> => {
    if (token.length > MAX_LENGTH || !jwtFormat.test(token)) return undefined
    const digest = hash('sha256', token, 'base64')
    const cached = verifiedTokens.get(digest)
    if (cached !== undefined && Date.now() < cached.until) return cached.claims
    const claims = await verify(token)
    if (claims !== undefined) cache(digest, claims, Number(claims['exp']) * 1000)
    return claims
  }
}

function decode(token: string): { kid: string | undefined; claims: Claims } | undefined {
  const decoded = decodeOrNull(token)
  if (!decoded || typeof decoded.payload !== 'object' || decoded.payload === null) return undefined
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

function claimsSignedBy(token: string, key: KeyObject): Claims | undefined {
  try {
    const claims = jwt.verify(token, key, { algorithms: ['RS256'], clockTolerance: SKEW_SECONDS })
    return typeof claims === 'string' || typeof claims.exp !== 'number' ? undefined : claims
  } catch {
    return undefined // the reason would help only an attacker
  }
}
