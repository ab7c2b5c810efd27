import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startApp } from '../support/app.ts'
import { altinnClaims, forge, newKey, platformClaims } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { assertRefused, countStored } from '../support/problems.ts'
import { createTestStores, eventually } from '../support/stores.ts'

const [altinnKey, ttdKey] = await Promise.all([newKey('ALTINN'), newKey('TTD')])
const away = await startKeyServer()
await away.stop() // what is left is an address where nobody listens
const stores = await createTestStores()
const app = await startApp(stores, { settings: away.settings, functions: ['publish-event'] })
after(app.stop)

/** Publishes with two tokens that were never sent before, so that no verdict is remembered. */
const publish = (platform: object = {}) =>
  app.publish(exampleEvent, {
    Authorization: `Bearer ${forge(altinnKey, altinnClaims({ jti: crypto.randomUUID() }))}`,
    PlatformAccessToken: forge(ttdKey, platformClaims({ jti: crypto.randomUUID(), ...platform })),
  })

test('responds 401 while the OpenID server is down, and 201 soon after it is back', async (t) => {
  await assertRefused(await publish(), 401)
  await assertRefused(await publish(), 401)
  const back = await startKeyServer({ port: Number(new URL(away.url).port) })
  t.after(back.stop)
  back.serve('altinn', altinnKey)
  await eventually('403', async () => (await publish()).status === 403, 10) // no keys of ttd yet
  back.serve('ttd', ttdKey)
  await eventually('201', async () => (await publish()).status === 201, 10)
  await assertRefused(await publish({ iss: 'nobody' }), 403)
})

test('known keys keep working while the key servers are down; unknown issuers are rejected', async () => {
  assert.equal((await publish()).status, 201)
  await assertRefused(await publish({ iss: 'digdir' }), 403)
  assert.deepEqual(await countStored(stores), { stored: 2, queued: 2 })
})
