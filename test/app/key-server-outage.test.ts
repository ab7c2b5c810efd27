import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startApp } from '../support/app.ts'
import {
  altinnClaims,
  forge,
  newKey,
  platformClaims,
  type SigningKey,
} from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { assertProblemBody, assertRefused, countStored } from '../support/problems.ts'
import { createTestStores, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

let altinnKey: SigningKey
let ttdKey: SigningKey
let nextKey: SigningKey
let away: Awaited<ReturnType<typeof startKeyServer>>
let stores: TestStores
let app: App
let openId: string
let jwks: string
before(async () => {
  ;[altinnKey, ttdKey, nextKey] = await Promise.all([
    newKey('ALTINN'),
    newKey('TTD'),
    newKey('TTD'), // a key of ttd's under the same kid
  ])
  away = await startKeyServer()
  await away.stop() // what is left is an address where nobody listens
  stores = await createTestStores()
  const functions = ['publish-event', 'read-party-events', 'health']
  app = await startApp(stores, { settings: away.settings, functions })
  ;({ ALTINN_OPENID_CONFIGURATION_URL: openId, PLATFORM_TOKEN_JWKS_URL: jwks } = away.settings)
})
after(() => app.stop())

/** Publishes with two tokens that were never sent before, so that no verdict is remembered. */
const publish = (platform: object = {}, key = ttdKey) =>
  app.publish(exampleEvent, {
    Authorization: `Bearer ${forge(altinnKey, altinnClaims({ jti: crypto.randomUUID() }))}`,
    PlatformAccessToken: forge(key, platformClaims({ jti: crypto.randomUUID(), ...platform })),
  })
const published = () => eventually('201', async () => (await publish()).status === 201, 10)

/** Asserts that a token could not be verified: a client is to try again. */
async function assertUnavailable(answer: Response, which: RegExp): Promise<void> {
  assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/)
  const { detail } = await assertProblemBody(answer, 503)
  assert.match(detail, which)
}
const health = async () => {
  const answer = await fetch(`${app.api}/health`)
  return { code: answer.status, ...Object(await answer.json()) }
}
/** Waits until health says of the keys at some addresses what matches. */
const keysAre = (statuses: Record<string, RegExp>) =>
  eventually(`keys: ${JSON.stringify(Object.keys(statuses))}`, async () => {
    const { keys } = await health()
    return Object.entries(statuses).every(([address, status]) => status.test(keys[address])) && keys
  })
const failures = (address: string) =>
  app.lines.filter((line) => line.includes(`{"what":"keys.failing","address":"${address}"`))

test('503 with Retry-After while no keys are known: of the OpenID document, its keys, the platform’s', async (t) => {
  await assertUnavailable(await publish(), /The Altinn token cannot be verified now/)
  const authorization = `Bearer ${forge(altinnKey, altinnClaims())}`
  const read = await fetch(`${app.api}/app/party?from=2020-01-01T00:00Z&party=1`, {
    headers: { authorization },
  })
  await assertUnavailable(read, /The Altinn token cannot be verified now/)
  await keysAre({ [openId]: /^failing since \d{4}-.*Z: no connection: ECONNREFUSED$/ })
  assert.equal((await health()).code, 503)

  const back = await startKeyServer({ port: Number(new URL(away.url).port) })
  t.after(back.stop)
  back.answer('/altinn/jwks', {}, 500)
  await keysAreFailing(openId, /: status 500$/)
  back.serve('altinn', altinnKey)
  back.answers.set('/ttd/jwks', (response) => response.end('<html>'))
  await eventually('the platform token', async () =>
    /platform access token cannot/.test(await (await publish()).text()),
  )
  await keysAre({ [openId]: /^well$/, [jwks]: /^failing since .*: not JSON$/ })
  back.serve('ttd', ttdKey)
  await published()
  await assertRefused(await publish({ iss: 'nobody' }), 403) // the server knows no such issuer
  await keysAre({ [openId]: /^well$/, [jwks]: /^well$/ })
})

/** Publishes until health says why an address fails. */
const keysAreFailing = (address: string, status: RegExp) =>
  eventually(String(status), async () => {
    await assertUnavailable(await publish(), /cannot be verified/)
    return status.test((await health()).keys[address])
  })

test('known keys go on while the key servers are down; a token of an issuer without keys is to come again', async () => {
  assert.equal((await publish()).status, 201)
  await assertUnavailable(await publish({ iss: 'digdir' }), /The platform access token/)
  await keysAre({ [openId]: /^well$/, [jwks]: /^failing since/ })
})

test('an address that fails is logged once a minute, with the reason and whether keys are known', async () => {
  for (let call = 0; call < 5; call++) await publish({ iss: `made-up-${call}` })
  const [line = '', ...others] = failures(openId)
  assert.match(line, /"reason":"no connection: ECONNREFUSED","since":"\d{4}-.*Z","hasKeys":false\}/)
  assert.ok(others.length <= 1, others.join('\n')) // where the test took more than a minute
  assert.ok(failures(jwks).length >= 1 && failures(jwks).length <= 2)
  assert.ok(app.lines.some((each) => each.includes('"what":"keys.unknown_issuer"')))
})

test('a key that changes under the same kid is found when the first token fails', async (t) => {
  const back = await startKeyServer({ port: Number(new URL(away.url).port) })
  t.after(back.stop)
  back.serve('altinn', altinnKey)
  back.serve('ttd', nextKey)
  const accepted = async (key = ttdKey) => (await publish({}, key)).status
  assert.equal(await accepted(), 201) // the old key is still known
  assert.equal(await accepted(nextKey), 201)
  await assertRefused(await publish(), 403) // and is withdrawn now
  assert.equal(back.requestedPaths.filter((path) => path === '/ttd/jwks').length, 1)
})

test('only what was accepted is stored', async () => {
  const { stored, queued } = await countStored(stores)
  assert.deepEqual([stored, queued], [4, 4])
})
