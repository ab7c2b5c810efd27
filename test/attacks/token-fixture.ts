import { startApp } from '../support/app.ts'
import { altinnClaims, forge, newKey, platformClaims } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { createTestStores } from '../support/stores.ts'
import type { TokenKind } from './forged-tokens.ts'

export type TokenFixture = Awaited<ReturnType<typeof startTokenFixture>>

/** Starts an app and its key server, with valid tokens of the app ttd/apps-test. `stop` stops both. */
export async function startTokenFixture() {
  const [server, altinnKey, ttdKey, digdirKey, retired, attacker] = await Promise.all([
    startKeyServer(),
    newKey('ALTINN'),
    newKey('TTD'),
    newKey('DIGDIR'),
    newKey('RETIRED'),
    newKey('ATTACKER'),
  ])
  server.serve('altinn', altinnKey)
  server.serve('ttd', ttdKey)
  server.serve('digdir', digdirKey)
  server.serve('attacker', attacker)
  const stores = await createTestStores()
  const app = await startApp(stores, { settings: server.settings, functions: ['publish-event'] })
  const attackerKeys = { retired, attacker, attackerUrl: `${server.url}/attacker/jwks` }
  const altinn: TokenKind = { ...attackerKeys, key: altinnKey, other: ttdKey, claims: altinnClaims }
  const platform: TokenKind = {
    ...attackerKeys,
    key: ttdKey,
    other: digdirKey,
    claims: platformClaims,
  }
  return {
    app,
    server,
    stores,
    kinds: { altinn, platform },
    /** The two valid tokens. */
    valid: {
      altinn: forge(altinnKey, altinnClaims()),
      platform: forge(ttdKey, platformClaims()),
    },
    /** Returns a valid platform token of digdir. */
    digdir: () => forge(digdirKey, platformClaims({ iss: 'digdir' })),
    stop: () => Promise.all([app.stop(), server.stop()]),
  }
}
