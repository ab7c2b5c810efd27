import { generateKeyPair, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import jwt from 'jsonwebtoken'
import { listen } from './listen.ts'

const OPENID = '/authentication/api/v1/openid/.well-known/openid-configuration'

interface Key {
  kid: string
  privateKey: KeyObject
  jwk: object
}

/**
 * Starts a token issuer for laptops and tests, on loopback. `GET` returns the OpenID document and the key sets in Altinn's
 * form; `POST /token` with `{ kind: 'altinn' | 'platform', claims, seconds? }` returns a token. A platform issuer exists
 * once someone has asked for one of its tokens. It signs any claims for anyone: never deploy it. Throws if the port is taken.
 */
export async function startIssuer({ port = 0 } = {}) {
  const altinn = await newKey('ALTINN')
  const platform = new Map<string, Promise<Key>>()

  async function mint({ kind, claims, seconds = 1800 }: TokenRequest): Promise<string> {
    const key = kind === 'altinn' ? altinn : await platformKey(String(claims['iss']))
    const now = Math.floor(Date.now() / 1000)
    const payload = { nbf: now - 5, iat: now, exp: now + seconds, ...claims }
    return jwt.sign(payload, key.privateKey, { algorithm: 'RS256', keyid: key.kid })
  }
  function platformKey(issuer: string): Promise<Key> {
    const key = platform.get(issuer) ?? newKey(issuer.toUpperCase())
    platform.set(issuer, key)
    return key
  }
  async function answer(request: IncomingMessage, url: URL): Promise<object | undefined> {
    if (request.method === 'POST' && url.pathname === '/token')
      return { token: await mint(tokenRequest(await json(request))) }
    if (url.pathname === OPENID)
      return { issuer: `${url.origin}/`, jwks_uri: `${url.origin}${OPENID}/jwks` }
    if (url.pathname === `${OPENID}/jwks`) return { keys: [altinn.jwk] }
    const key = await platform.get(/^\/platform\/([\w-]+)\/jwks$/.exec(url.pathname)?.[1] ?? '')
    return key && { keys: [key.jwk] }
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    void answer(request, url).then(
      (body) => respond(response, body === undefined ? 404 : 200, body ?? {}),
      (error: Error) => respond(response, 400, { error: error.message }),
    )
  })
  const { url: address, stop } = await listen(server, port)
  return {
    url: address,
    settings: {
      ALTINN_OPENID_CONFIGURATION_URL: `${address}${OPENID}`,
      PLATFORM_TOKEN_JWKS_URL: `${address}/platform/{issuer}/jwks`,
    },
    stop,
  }
}

interface TokenRequest {
  kind: 'altinn' | 'platform'
  claims: Record<string, unknown>
  seconds?: number
}

function tokenRequest(body: unknown): TokenRequest {
  const { kind, claims, seconds } = Object(body)
  if (kind !== 'altinn' && kind !== 'platform') throw new Error('kind must be altinn or platform')
  return { kind, claims: Object(claims), ...(typeof seconds === 'number' && { seconds }) }
}

/** Returns a new key in the form that Altinn publishes: upper-case kid, no `alg`, and `n` and `e` in padded base64, not base64url. */
async function newKey(kid: string): Promise<Key> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const padded = (text: string) => Buffer.from(text, 'base64url').toString('base64')
  return { kid, privateKey, jwk: { kty: 'RSA', use: 'sig', kid, n: padded(n), e: padded(e) } }
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
