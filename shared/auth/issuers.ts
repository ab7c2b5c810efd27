import { createCertificateKeySet } from './certificates.ts'
import type { Config } from '../config.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import type { Claims } from './token-verifier.ts'

const issuerName = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/ // part of a URL before anything is verified
const MAX_KEY_SETS = 100

/**
 * Returns a function from a platform token's claims to the key set of its issuer: configured certificates, or the JWKS URL
 * with the issuer's name. It caches 100 key sets and evicts those without keys first, so unknown issuers cannot evict
 * real ones.
 */
export function createIssuerKeySets(
  platform: Config['auth']['platform'],
): (claims: Claims) => KeySet | undefined {
  const keySets = new Map<string, KeySet>()
  if ('certificates' in platform)
    for (const [issuer, list] of platform.certificates)
      keySets.set(issuer, createCertificateKeySet(list))

  function addKeySet(issuer: string, jwksUrl: string): KeySet {
    if (keySets.size >= MAX_KEY_SETS) keySets.delete(evictionCandidate(keySets))
    const made = createKeySet(async () => jwksUrl.replaceAll('{issuer}', issuer))
    keySets.set(issuer, made)
    return made
  }
  return ({ iss }) => {
    if (typeof iss !== 'string' || !issuerName.test(iss)) return undefined
    if (platform.issuers !== undefined && !platform.issuers.includes(iss)) return undefined
    return (
      keySets.get(iss) ?? ('jwksUrl' in platform ? addKeySet(iss, platform.jwksUrl) : undefined)
    )
  }
}

function evictionCandidate(keySets: Map<string, KeySet>): string {
  const names = [...keySets.keys()]
  return names.find((name) => keySets.get(name)?.hasKeys === false) ?? names[0] ?? ''
}
