import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { createKeySet, type FoundKeys, type KeySet } from '../../shared/auth/key-set.ts'
import { newKey, type SigningKey } from './forged-tokens.ts'
import { startKeyServer } from './key-server.ts'

export const SECOND = 1000

export const MINUTE = 60 * SECOND

export const HOUR = 60 * MINUTE

const all = await Promise.all([newKey('FIRST'), newKey('SECOND'), newKey('THIRD')])

export const [first, second, third] = all

/** A key server with the keys of the issuer `ttd`, and a key set of that address with a clock of its own. */
export async function start(t: TestContext, ...keys: SigningKey[]) {
  const server = await startKeyServer()
  let running = true
  const stop = async () => {
    if (running) await server.stop()
    running = false
  }
  t.after(stop)
  server.serve('ttd', ...keys)
  const clock = { now: 0 }
  const reasons: string[] = []
  const set = createKeySet({
    resolveUri: async () => `${server.url}/ttd/jwks`,
    report: ({ reason }) => reasons.push(reason),
    now: () => clock.now,
  })
  return { server, clock, set, stop, reasons }
}

/** Asserts which keys were found, in order. */
export function assertKeys(found: FoundKeys, ...expected: SigningKey[]): void {
  if (found === 'unavailable') assert.fail('there are no keys')
  const kids = found.map((key) => all.find(({ publicKey }) => key.equals(publicKey))?.kid)
  assert.deepEqual(
    kids,
    expected.map(({ kid }) => kid),
  )
}

/** Whether a key set gives this key for a kid, and no other. */
export async function givesOnly(set: KeySet, kid: string, { publicKey }: SigningKey) {
  const found = await set.find(kid)
  return (
    found !== 'unavailable' && found.length === 1 && found.every((key) => key.equals(publicKey))
  )
}
