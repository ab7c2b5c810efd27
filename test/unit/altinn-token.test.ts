import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { after, test } from 'node:test'
import { startPolicyDecisionPoint } from '../../local/policy-decision-point.ts'
import { createAltinnToken } from '../../shared/auth/altinn-token.ts'
import { eventually } from '../support/stores.ts'

const standIn = await startPolicyDecisionPoint({ tokenSeconds: 600 })
after(standIn.stop)
const { settings, point, requests } = standIn

const client = {
  platformUrl: standIn.url,
  subscriptionKey: settings.ALTINN_SUBSCRIPTION_KEY,
  tokenUrl: settings.MASKINPORTEN_TOKEN_URL,
  clientId: settings.MASKINPORTEN_CLIENT_ID,
  keyId: settings.MASKINPORTEN_KEY_ID,
  privateKey: createPrivateKey({
    key: JSON.parse(settings.MASKINPORTEN_CLIENT_JWK),
    format: 'jwk',
  }),
}

/** A client whose clock is at the test's hand, and how many tokens it has got. */
function startClient(given: Partial<typeof client> = {}) {
  const clock = { ahead: 0 }
  point.isTokenServerDown = false
  const before = { ...requests }
  const token = createAltinnToken({ ...client, ...given }, () => Date.now() + clock.ahead)
  return {
    ...token,
    clock,
    got: () => [requests.tokens - before.tokens, requests.exchanges - before.exchanges],
  }
}

test('many who ask at once get one token, which is kept', async () => {
  const { current, got } = startClient()
  const tokens = await Promise.all([current(), current(), current()])
  assert.equal(new Set([...tokens, await current()]).size, 1)
  assert.deepEqual(got(), [1, 1])
})

test('a token is renewed in the background before it expires, and not used when it is about to', async () => {
  const { current, clock, got } = startClient()
  const first = await current()
  clock.ahead = 500_000 // of 600
  assert.equal(await current(), first, 'nobody waits for the next one')
  clock.ahead = 0
  await eventually('another token', async () => (await current()) !== first)
  assert.deepEqual(got(), [2, 2])
})

test('a token serves while there is no new one, until shortly before it expires', async () => {
  const { current, clock } = startClient()
  const first = await current()
  point.isTokenServerDown = true
  clock.ahead = 500_000
  assert.equal(await current(), first)
  clock.ahead = 585_000
  await assert.rejects(current(), /^Error: Maskinporten: status 503$/)
})

test('a failure is told to all for 5 s, without another request', async () => {
  const { current, clock, got } = startClient()
  point.isTokenServerDown = true
  const ends = await Promise.allSettled(Array.from({ length: 20 }, current))
  assert.ok(ends.every(({ status }) => status === 'rejected'))
  await assert.rejects(current())
  assert.deepEqual(got(), [1, 0])
  point.isTokenServerDown = false
  clock.ahead = 5000
  await current()
  assert.deepEqual(got(), [2, 1])
})

test('a token that is refused is forgotten once a minute', async () => {
  const { current, refused, clock, got } = startClient()
  const first = await current()
  refused()
  assert.equal(await current(), first)
  clock.ahead = 60_000
  refused()
  assert.notEqual(await current(), first)
  refused()
  await current()
  assert.deepEqual(got(), [2, 2])
})

const wrong: [given: Partial<typeof client>, fault: RegExp][] = [
  [{ clientId: 'other' }, /^Error: Maskinporten: status 400$/],
  [{ keyId: 'other' }, /^Error: Maskinporten: status 400$/],
  [{ subscriptionKey: 'other' }, /^Error: the exchange of tokens: status 401$/],
  [{ tokenUrl: `${standIn.url}/other` }, /^Error: Maskinporten: status 404$/],
  [{ tokenUrl: 'http://127.0.0.1:1/token' }, /^Error: Maskinporten: no connection: /],
]
for (const [given, fault] of wrong)
  test(`says who refuses ${JSON.stringify(given)}`, async () => {
    await assert.rejects(startClient(given).current(), fault)
  })
