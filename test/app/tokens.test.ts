import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { callers } from '../../local/tokens.ts'
import { secretsIn } from '../attacks/secrets.ts'
import { startApp } from '../support/app.ts'
import { altinnClaims, forge, fromNow, newKey, platformClaims } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'
import { sendRaw } from '../support/raw-request.ts'
import { assertRefused, countStored, type Status } from '../support/problems.ts'
import { sleepUntil, createTestStores, eventually } from '../support/stores.ts'

const [server, altinnKey, ttdKey] = await Promise.all([
  startKeyServer(),
  newKey('ALTINN'),
  newKey('TTD'),
])
after(server.stop)
server.serve('altinn', altinnKey)
server.serve('ttd', ttdKey)
const stores = await createTestStores()
const app = await startApp(stores, { settings: server.settings, functions: ['publish-event'] })
after(app.stop)

const altinn = forge(altinnKey, altinnClaims())
const platform = forge(ttdKey, platformClaims())
const sent = new Set([altinn, platform])

/** Publishes the example with both good tokens, except for what `headers` says; undefined leaves one out. */
async function publish(headers: Record<string, string | undefined>, event?: object | string) {
  for (const value of Object.values(headers)) if (value !== undefined) sent.add(value)
  return app.publish(event, {
    Authorization: `Bearer ${altinn}`,
    PlatformAccessToken: platform,
    ...headers,
  })
}
const expired = (seconds: number) => ({ nbf: fromNow(-600), exp: fromNow(-seconds) })

// What must be refused whatever else a request has is in test/attacks/tokens.ts.

// Every fault comes before those below it: 415 (another type), 401, 403, 415 (no type), 413, 400, 401 (source).

const noAltinn = { Authorization: undefined }
const noPlatform = { PlatformAccessToken: undefined }
const noTokens = { ...noAltinn, ...noPlatform }
const text = { 'Content-Type': 'text/plain' }
const latin = { 'Content-Type': 'application/json; charset=latin1' }
const badKey = { 'Idempotency-Key': 'with a space' }
const foreign = { ...exampleEvent, source: 'https://ttd.apps.altinn.no/ttd/another-app' }
const huge = `"${'x'.repeat(1_048_576)}"`
const combined: [
  Status,
  what: string,
  Record<string, string | undefined>,
  event?: object | string,
][] = [
  [415, 'another type, no tokens, a bad body', { ...text, ...noTokens }, '{'],
  [415, 'another type, no platform token', { ...text, ...noPlatform }],
  [401, 'no Altinn token, an unknown charset', { ...latin, ...noAltinn }],
  [401, 'no Altinn token, a body too large', noAltinn, huge],
  [401, 'no tokens, a bad body', noTokens, '{'],
  [403, 'no platform token, an unknown charset', { ...latin, ...noPlatform }],
  [403, 'no platform token, a body too large', noPlatform, huge],
  [403, 'no platform token, a bad body', noPlatform, '{'],
  [403, "no platform token, another app's source", noPlatform, foreign],
  [415, 'an unknown charset, a body too large', latin, huge],
  [413, 'a body too large that is no event', {}, huge],
  [400, "a missing type, another app's source", {}, { ...foreign, type: null }],
  [400, "a bad idempotency key, another app's source", badKey, foreign],
  [401, "another app's source and nothing else", {}, foreign],
]
for (const [status, what, headers, event] of combined)
  test(`responds ${status} first with ${what}`, async () => {
    await assertRefused(await publish(headers, event), status)
  })

test('without a Content-Type the tokens are looked at first; in a chunked body, the type', async () => {
  const bearer: [string, string] = ['Authorization', `Bearer ${altinn}`]
  const access: [string, string] = ['PlatformAccessToken', platform]
  const length: [string, string] = ['Content-Length', '1']
  const rows: [Status, [string, string][]][] = [
    [401, [access, length]],
    [403, [bearer, length]],
    [415, [bearer, access, length]],
    [415, [bearer, access, ['Transfer-Encoding', 'chunked']]],
    [400, [bearer, access, ['Content-Type', 'application/json'], ['Transfer-Encoding', 'chunked']]],
  ]
  for (const [status, headers] of rows)
    await assertRefused(await sendRaw(`${app.api}/app`, headers, '{'), status)
})

test('stores and queues nothing that it rejects', async () => {
  assert.deepEqual(await countStored(stores), { stored: 0, queued: 0 })
})

const systemUser = {
  'urn:altinn:org': undefined,
  authorization_details: [
    {
      type: 'urn:altinn:systemuser',
      systemuser_id: ['a44b2a2c-5d2c-4a5b-9a34-1c0a0b6a3a11'],
      systemuser_org: { authority: 'iso6523-actorid-upis', ID: '0192:991825827' },
      system_id: '991825827_system',
    },
  ],
}
const user = { iss: 'https://platform.altinn.no/', ...callers.user(1, 50019855, '01017512345') }
const lifetime = () => ({ nbf: fromNow(-5), exp: fromNow(300) })
const good: [what: string, headers: Record<string, string | undefined>][] = [
  ['the scheme in lower case', { Authorization: `bearer ${altinn}` }],
  ['the scheme in upper case', { Authorization: `BEARER ${altinn}` }],
  ["a user's token", { Authorization: `Bearer ${forge(altinnKey, { ...user, ...lifetime() })}` }],
  [
    "a system user's token",
    { Authorization: `Bearer ${forge(altinnKey, altinnClaims(systemUser))}` },
  ],
  ['no claim but the expiry', { Authorization: `Bearer ${forge(altinnKey, lifetime())}` }],
  ['the cookie .ALTINNTOKEN', { Authorization: undefined, Cookie: `.ALTINNTOKEN=${altinn}` }],
  [
    'the cookie AltinnStudioRuntime among others',
    { Authorization: undefined, Cookie: `a=b; AltinnStudioRuntime=${altinn}; c=d` },
  ],
  ['a bad cookie beside the header', { Cookie: '.ALTINNTOKEN=abc' }],
  [
    'an Altinn token without kid',
    { Authorization: `Bearer ${forge(altinnKey, altinnClaims(), { kid: undefined })}` },
  ],
  [
    'an Altinn token with an unknown kid',
    { Authorization: `Bearer ${forge(altinnKey, altinnClaims(), { kid: 'OTHER' })}` },
  ],
]
const goodPlatform: [what: string, claims: object, header?: Record<string, unknown>][] = [
  ['without audience', { aud: undefined, actual_iss: 'altinn-test-tools' }],
  ['for another audience', { aud: 'elsewhere' }],
  ['whose x5c is a thumbprint', {}, { x5c: 'C9E2A6B4F0D1E2F3A4B5C6D7E8F9A0B1C2D3E4F5' }],
  ['with an x5t', {}, { x5t: 'yeKmtPDR4vOktcbX6PmgscLT5PU' }],
  ['without kid', {}, { kid: undefined }],
  ['with an unknown kid', {}, { kid: 'OTHER' }],
]
const accepted = [
  ...good,
  ...goodPlatform.map(([what, changes, header]): [string, Record<string, string>] => [
    `a platform token ${what}`,
    { PlatformAccessToken: forge(ttdKey, platformClaims(changes), header) },
  ]),
]
for (const [what, headers] of accepted)
  test(`201 with ${what}`, async () => {
    assert.equal((await publish(headers)).status, 201)
  })

test('accepts the same tokens many times', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => publish({})))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
})

test('tolerates some seconds of clock skew, and caches no token beyond its expiry', async () => {
  // Two seconds before nobody takes them any more; new ones where this machine takes longer than that to ask.
  const { headers, answer, end } = await eventually('an answer in time', async () => {
    const late = {
      Authorization: `Bearer ${forge(altinnKey, altinnClaims(expired(8)))}`,
      PlatformAccessToken: forge(ttdKey, platformClaims(expired(8))),
    }
    const last = Date.now() + 2000
    const first = await publish(late)
    return (
      (first.status === 201 || Date.now() < last) && { headers: late, answer: first, end: last }
    )
  })
  assert.equal(answer.status, 201)
  const early = {
    Authorization: `Bearer ${forge(altinnKey, altinnClaims({ nbf: fromNow(6) }))}`,
    PlatformAccessToken: forge(ttdKey, platformClaims({ nbf: fromNow(6) })),
  }
  assert.equal((await publish(early)).status, 201)
  await sleepUntil(end + 1000) // the expiry is cut to seconds
  await assertRefused(await publish(headers), 401)
  await assertRefused(await publish({ PlatformAccessToken: headers.PlatformAccessToken }), 403)
})

test('stores and queues each accepted event once', async () => {
  const count = accepted.length + 20 + 2
  assert.deepEqual(await countStored(stores), { stored: count, queued: count })
})

test('logs neither tokens nor national identity numbers', () => {
  assert.ok(app.lines.some((line) => line.includes('event.accepted')))
  assert.equal(secretsIn(app.lines, [...sent]), 'none')
})
