import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { jwksUriOf } from '../../shared/auth/fetch-keys.ts'
import { SECOND, MINUTE, first, second, start, assertKeys } from '../support/key-sets.ts'

const keys = JSON.stringify({ keys: [second.jwk] })

const overlong = JSON.stringify({ keys: [second.jwk], padding: 'x'.repeat(1_048_576) })

const { publicKey: onCurve } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const elliptic = JSON.stringify({ keys: [{ ...onCurve.export({ format: 'jwk' }), use: 'sig' }] })

const gzip = { 'content-encoding': 'gzip' }

const answers: [what: string, reason: RegExp, (response: ServerResponse) => void][] = [
  [
    'another address',
    /^a redirect \(302\)$/,
    (response) => response.writeHead(302, { location: '/other' }).end(keys),
  ],
  [
    'another address for good',
    /^a redirect \(308\)$/,
    (response) => response.writeHead(308, { location: '/other' }).end(),
  ],
  ['an error with keys', /^status 500$/, (response) => response.writeHead(500).end(keys)],
  ['404', /^status 404$/, (response) => response.writeHead(404).end()],
  ['nothing', /^not JSON$/, (response) => response.end()],
  ['a page', /^not JSON$/, (response) => response.end('<html>Sign in</html>')],
  ['half the keys', /^not JSON$/, (response) => response.end(keys.slice(0, -20))],
  ['null', /^no list of keys$/, (response) => response.end('null')],
  ['a list', /^no list of keys$/, (response) => response.end(`[${keys}]`)],
  ['keys that are no list', /^no list of keys$/, (response) => response.end('{"keys":{"0":{}}}')],
  ['keys that are null', /^no usable key$/, (response) => response.end('{"keys":[null]}')],
  ['no keys', /^no usable key$/, (response) => response.end('{"keys":[]}')],
  ['keys of another kind alone', /^no usable key$/, (response) => response.end(elliptic)],
  ['more than 1 MB', /^more than 1048576 bytes$/, (response) => response.end(overlong)],
  [
    'a gzip bomb',
    /^more than 1048576 bytes$/,
    (response) => response.writeHead(200, gzip).end(gzipSync(overlong)),
  ],
  ['a cut connection', /^no connection: \w+/, (response) => response.destroy()],
]

for (const [what, reason, answer] of answers)
  test(`a key server that answers ${what} changes no key, and is reported: ${reason.source}`, async (t) => {
    const { server, clock, set, reasons } = await start(t)
    server.serve('other', second)
    server.answer('/other', { keys: [second.jwk] })
    server.answers.set('/ttd/jwks', answer)
    assert.equal(await set.find('SECOND'), 'unavailable')
    assert.match(reasons.join(), reason)
    server.serve('ttd', first)
    clock.now += 2 * SECOND
    assertKeys(await set.find('FIRST'), first)
    server.answers.set('/ttd/jwks', answer)
    clock.now += 2 * MINUTE
    assertKeys(await set.find('SECOND'), first)
    assert.deepEqual([...new Set(server.requestedPaths)], ['/ttd/jwks'])
    assert.equal(server.requestedPaths.length, 3)
    assert.equal(reasons.length, 2)
  })

test('an OpenID document must name an http URL, and is not fetched elsewhere', async (t) => {
  const { server } = await start(t)
  const url = `${server.url}/openid`
  assert.equal(await jwksUriOf(url), `${server.url}/altinn/jwks`)
  for (const jwks_uri of [undefined, null, 1, '', 'jwks', 'file:///etc/passwd', 'data:,{}']) {
    server.answer('/openid', { jwks_uri })
    await assert.rejects(jwksUriOf(url))
  }
  const elsewhere = { location: '/elsewhere' }
  server.answer('/elsewhere', { jwks_uri: `${server.url}/altinn/jwks` })
  server.answers.set('/openid', (response) => response.writeHead(302, elsewhere).end())
  await assert.rejects(jwksUriOf(url))
  assert.ok(!server.requestedPaths.includes('/elsewhere'))
})
