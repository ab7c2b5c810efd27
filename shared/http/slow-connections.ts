import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'

const ATTEMPT_MS = 1500 // TCP sends a first packet that was lost again after 1 s (RFC 6298); a try of a write has 2 s

/**
 * Has fetch and the SDKs give each address of a name 1.5 s to accept a connection; the last has no limit but the call's.
 * Node.js gives 250 ms, and fails when only the last one is left and refuses.
 */
export const allowSlowConnections = (): void => setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MS)
