import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import type { TestContext } from 'node:test'
import { createKeySet } from '../../shared/auth/key-set.ts'
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
  const set = createKeySet(
    async () => `${server.url}/ttd/jwks`,
    () => clock.now,
  )
  return { server, clock, set, stop }
}

/** Asserts which keys were found, in order. */
export function assertKeys(found: KeyObject[], ...expected: SigningKey[]): void {
  const kids = found.map((key) => all.find(({ publicKey }) => key.equals(publicKey))?.kid)
  assert.deepEqual(
    kids,
    expected.map(({ kid }) => kid),
  )
}
