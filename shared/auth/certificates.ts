import type { X509Certificate } from 'node:crypto'
import type { KeySet } from './key-set.ts'
import { SKEW_SECONDS } from './token-verifier.ts'

const SKEW_MS = SKEW_SECONDS * 1000 // as for tokens, altinn-contract §2.2

/** Returns the keys of an issuer's certificates. `find` ignores certificates outside their validity, so they can overlap. */
export function createCertificateKeySet(certificates: X509Certificate[]): KeySet {
  const isValid = ({ validFromDate, validToDate }: X509Certificate) =>
    validFromDate.getTime() - SKEW_MS <= Date.now() && Date.now() <= validToDate.getTime() + SKEW_MS
  return {
    find: async () => certificates.filter(isValid).map(({ publicKey }) => publicKey),
    renew: async () => [],
    hasKeys: certificates.length > 0,
    failure: undefined,
  }
}
