import { createCertificateKeySet } from './certificates.ts'
import type { Config } from '../config.ts'
import type { ReportKeyFailure } from './key-failures.ts'
import { createKeySet, type KeySet } from './key-set.ts'
import type { Claims } from './token-verifier.ts'

const issuerName = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/ // part of a URL before anything is verified
const MAX_KEY_SETS = 100

/**
 * Makes the key sets of the issuers of platform tokens: configured certificates, or the JWKS URL with the issuer's name. It
 * caches 100 and evicts those without keys first, so unknown issuers cannot evict real ones.
 */
export function createIssuerKeySets(
  platform: Config['auth']['platform'],
  report: ReportKeyFailure = () => {},
) {
  const keySets = new Map<string, KeySet>()
  if ('certificates' in platform)
    for (const [issuer, list] of platform.certificates)
      keySets.set(issuer, createCertificateKeySet(list))

  function addKeySet(issuer: string, jwksUrl: string): KeySet {
    if (keySets.size >= MAX_KEY_SETS) keySets.delete(evictionCandidate(keySets))
    const url = jwksUrl.replaceAll('{issuer}', issuer)
    const made = createKeySet({
      resolveUri: async () => url,
      mayBeAbsent: platform.issuers === undefined, // of those that the operator lists, each must have keys
      // Strangers make issuers up: what has no keys is reported under one address.
      report: (failure, hasKeys) => report(hasKeys ? url : jwksUrl, failure, hasKeys),
    })
    keySets.set(issuer, made)
    return made
  }
  return {
    /** Returns the key set of the issuer that a platform token's claims name; undefined where there can be none. */
    keySetFor({ iss }: Claims): KeySet | undefined {
      if (typeof iss !== 'string' || !issuerName.test(iss)) return undefined
      if (platform.issuers !== undefined && !platform.issuers.includes(iss)) return undefined
      return (
        keySets.get(iss) ?? ('jwksUrl' in platform ? addKeySet(iss, platform.jwksUrl) : undefined)
      )
    },
    /** Returns the key sets by the address under which their failures are reported. */
    byAddress(): Map<string, KeySet[]> {
      if (!('jwksUrl' in platform)) return new Map()
      const { jwksUrl } = platform
      const sets = new Map<string, KeySet[]>([[jwksUrl, []]])
      for (const [issuer, keySet] of keySets) {
        const address = keySet.hasKeys ? jwksUrl.replaceAll('{issuer}', issuer) : jwksUrl
        sets.set(address, [...(sets.get(address) ?? []), keySet])
      }
      return sets
    },
  }
}

function evictionCandidate(keySets: Map<string, KeySet>): string {
  const names = [...keySets.keys()]
  return names.find((name) => keySets.get(name)?.hasKeys === false) ?? names[0] ?? ''
}
