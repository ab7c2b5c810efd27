import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { forge, newKey, platformClaims } from '../support/forged-tokens.ts'
import { assertRefused, countStored } from '../support/problems.ts'
import { createTestStores, setting, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

const read = (name: string) =>
  readFileSync(path.join(import.meta.dirname, '../support/certificates', name), 'utf8')
const keyOf = (name: string) => {
  const privateKey = createPrivateKey(read(`${name}.test-key.pem`))
  return { privateKey, publicKey: createPublicKey(read(`${name}.test-key.pem`)) }
}
const certificate = (name: string) => read(`${name}.certificate.pem`)
const der = (name: string) => new X509Certificate(certificate(name)).raw.toString('base64')

// Made with `openssl ca -selfsign`. `expired` is of the same key as `next`: only its validity can be why it is refused.
const current = keyOf('current')
const next = keyOf('next')

let stores: TestStores
let app: App
before(async () => {
  stores = await createTestStores()
  app = await startApp(stores, {
    functions: ['publish-event'],
    settings: {
      PLATFORM_TOKEN_JWKS_URL: '',
      PLATFORM_TOKEN_CERTIFICATES: JSON.stringify({
        ttd: [certificate('current'), der('next')],
        skd: [certificate('expired')],
        brg: [certificate('expired'), certificate('current')],
        nav: [certificate('current')],
      }),
      PLATFORM_TOKEN_ISSUERS: 'ttd, SKD,brg',
    },
  })
})
after(() => app.stop())

/** Publishes for the app apps-test of `org`, with a platform token signed by `key`. */
async function publish(org: string, key: Parameters<typeof forge>[0], header = {}) {
  const source = exampleEvent.source.replaceAll('ttd', org)
  const platform = forge(key, platformClaims({ iss: org }), header)
  return app.publish({ ...exampleEvent, source }, { PlatformAccessToken: platform })
}

test('the test certificates match their names', () => {
  const expired = new X509Certificate(certificate('expired'))
  assert.ok(expired.validToDate < new Date())
  assert.ok(expired.checkPrivateKey(next.privateKey))
  for (const name of ['current', 'next'])
    assert.ok(new X509Certificate(certificate(name)).validToDate > new Date('2125-12-31'))
})

const refused: [what: string, () => Promise<Response>][] = [
  ['by a key whose certificate has expired', () => publish('skd', next)],
  ['by the expired one of two certificates', () => publish('brg', next)],
  [
    "by a key that is not in the issuer's certificates",
    async () => publish('ttd', await newKey('x')),
  ],
  ["by the key of another issuer's certificate", () => publish('skd', current)],
  ['of an issuer that has certificates but is not on the list', () => publish('nav', current)],
  ['of an issuer that is on no list', () => publish('digdir', current)],
  ['with another algorithm', () => publish('ttd', current, { alg: 'RS512' })],
]
for (const [what, send] of refused)
  test(`403 for a platform token ${what}`, async () => {
    await assertRefused(await send(), 403)
  })

test('rejects a platform token of an issuer that only the key server knows', async () => {
  const [, platform] = await tokensOf('ttd', 'apps-test')
  const keys = await fetch(`${setting('TEST_ISSUER')}/platform/ttd/jwks`)
  assert.equal(keys.status, 200)
  await assertRefused(await app.publish(exampleEvent, { PlatformAccessToken: platform }), 403)
})

const accepted: [what: string, () => Promise<Response>][] = [
  ['the key of the first certificate, in PEM', () => publish('ttd', current)],
  ['the key of the second, in base64 DER', () => publish('ttd', next)],
  ['a kid that no certificate has', () => publish('ttd', { ...next, kid: 'C9E2A6B4' })],
  ['the key of a certificate beside an expired one', () => publish('brg', current)],
]
for (const [what, send] of accepted)
  test(`201 with ${what}`, async () => {
    assert.equal((await send()).status, 201)
  })

test('stores and queues only the accepted events', async () => {
  const count = accepted.length
  assert.deepEqual(await countStored(stores), { stored: count, queued: count })
})
