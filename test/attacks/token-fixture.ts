import { startApp } from '../support/app.ts'
import { altinnClaims, forge, newKey, platformClaims } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { createTestStores } from '../support/stores.ts'
import type { TokenKind } from './forged-tokens.ts'

export type TokenFixture = Awaited<ReturnType<typeof startTokenFixture>>

/** An app whose key server is in our hands, with good tokens of the app ttd/apps-test. `stop` ends both. */
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
  const forger = { retired, attacker, attackerUrl: `${server.url}/attacker/jwks` }
  const altinn: TokenKind = { ...forger, key: altinnKey, other: ttdKey, claims: altinnClaims }
  const platform: TokenKind = { ...forger, key: ttdKey, other: digdirKey, claims: platformClaims }
  return {
    app,
    server,
    stores,
    kinds: { altinn, platform },
    /** The two tokens as they should be. */
    good: {
      altinn: forge(altinnKey, altinnClaims()),
      platform: forge(ttdKey, platformClaims()),
    },
    /** A good token of digdir's. */
    digdir: () => forge(digdirKey, platformClaims({ iss: 'digdir' })),
    stop: () => Promise.all([app.stop(), server.stop()]),
  }
}
