import { generateKeyPairSync } from 'node:crypto'
import { encode, forge, fromNow, type SigningKey } from '../support/forged-tokens.ts'

/** One of the two tokens of a publisher, and the keys of its issuer and of an attacker. */
export interface TokenKind {
  /** The issuer's key, another issuer's, one that is no longer published, and the attacker's own. */
  key: SigningKey
  other: SigningKey
  retired: SigningKey
  attacker: SigningKey
  /** The address at which the attacker publishes its key. */
  attackerUrl: string
  /** Returns the claims of a valid token with changes. */
  claims: (changes?: object) => object
}

const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const withHeader = (header: Record<string, unknown>) => (kind: TokenKind) =>
  forge(kind.key, kind.claims(), header)
const byAttacker = (header: (kind: TokenKind) => object) => (kind: TokenKind) =>
  forge(kind.attacker, kind.claims(), { kid: kind.key.kid, ...header(kind) })
const withClaimsPayload = (payload: unknown) => (kind: TokenKind) => forge(kind.key, payload)
const claiming = (changes: object) => (kind: TokenKind) => forge(kind.key, kind.claims(changes))
const withParts =
  (make: (header: string, payload: string, signature: string) => string[]) => (kind: TokenKind) => {
    const [header = '', payload = '', signature = ''] = forge(kind.key, kind.claims()).split('.')
    return make(header, payload, signature).join('.')
  }
const withPayload =
  (header: unknown) =>
  ({ claims }: TokenKind) =>
    `${encode(header)}.${encode(claims())}.eA`
const ofLength = (length: number) => claiming({ padding: 'x'.repeat(length) })

/** Invalid tokens, of either kind. */
export const forgedTokens: [what: string, make: (kind: TokenKind) => string][] = [
  ['alg none and no signature', withHeader({ alg: 'none' })],
  [
    'alg none and a signature',
    (kind) => `${withHeader({ alg: 'none' })(kind)}${forge(kind.key, {}).split('.')[2]}`,
  ],
  ['alg nOnE', withHeader({ alg: 'nOnE' })],
  ['no alg', withHeader({ alg: undefined })],
  ['an alg that is not a string', withHeader({ alg: ['RS256'] })],
  ['HS256 by the public key', withHeader({ alg: 'HS256' })],
  ['RS384', withHeader({ alg: 'RS384' })],
  ['RS512', withHeader({ alg: 'RS512' })],
  ['PS256', withHeader({ alg: 'PS256' })],
  [
    'ES256 by a key of its own',
    ({ key, claims }) =>
      forge({ ...elliptic, kid: key.kid }, claims(), {
        alg: 'ES256',
        jwk: elliptic.publicKey.export({ format: 'jwk' }),
      }),
  ],
  ['jku: the attacker’s key', byAttacker(({ attackerUrl }) => ({ jku: attackerUrl }))],
  [
    'jku: the attacker’s key, by its own kid',
    byAttacker(({ attackerUrl, attacker }) => ({ jku: attackerUrl, kid: attacker.kid })),
  ],
  ['x5u: the attacker’s key', byAttacker(({ attackerUrl }) => ({ x5u: attackerUrl }))],
  [
    'x5c: the attacker’s key in place of a certificate',
    byAttacker(({ attacker }) => ({
      x5c: [attacker.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')],
    })),
  ],
  ['jwk: the attacker’s key', byAttacker(({ attacker }) => ({ jwk: attacker.jwk }))],
  ['kid: an address', byAttacker(({ attackerUrl }) => ({ kid: attackerUrl }))],
  ['kid: an object', byAttacker(() => ({ kid: { $ne: null } }))],
  ['kid: a path', byAttacker(() => ({ kid: '../../dev/null' }))],
  ['an extension marked critical', withHeader({ crit: ['exp'] })],
  ['an unencoded payload', withHeader({ b64: false, crit: ['b64'] })],
  ["the attacker's key, with the kid of the issuer's", byAttacker(() => ({}))],
  ["another issuer's key", ({ other, claims }) => forge(other, claims())],
  [
    "another issuer's key, with the kid of the issuer's",
    ({ key, other, claims }) => forge(other, claims(), { kid: key.kid }),
  ],
  ['a key that is no longer in the set', ({ retired, claims }) => forge(retired, claims())],
  [
    'tampered payload',
    withParts((header, _payload, signature) => [
      header,
      encode({ 'urn:altinn:app': 'apps' }),
      signature,
    ]),
  ],
  [
    'tampered header',
    withParts((_header, payload, signature) => [encode({ alg: 'RS256' }), payload, signature]),
  ],
  [
    'tampered signature',
    withParts((header, payload, signature) => [
      header,
      payload,
      (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1),
    ]),
  ],
  ['truncated', (kind) => withHeader({})(kind).slice(0, -10)],
  ['without its signature', withParts((header, payload) => [header, payload])],
  ['with an empty signature', withParts((header, payload) => [header, payload, ''])],
  ['with a fourth part', withParts((...parts) => [...parts, parts[2]])],
  ['in five parts, as if encrypted', withParts((...parts) => [...parts, 'eA', 'eA'])],
  ['with a comma and another value', (kind) => `${withHeader({})(kind)},x`],
  ['in standard base64', (kind) => `${withHeader({})(kind)}==`],
  ['not a JWT', () => 'abc'],
  ['expired', claiming({ exp: fromNow(-11) })],
  ['expired long ago', claiming({ exp: 1 })],
  ['not valid yet', claiming({ nbf: fromNow(600) })],
  ['without exp', claiming({ exp: undefined })],
  ['exp: a string', claiming({ exp: String(Math.trunc(fromNow(600))) })],
  ['exp: null', claiming({ exp: null })],
  ['exp: a list', claiming({ exp: [fromNow(600)] })],
  ['nbf: a string', claiming({ nbf: 'now' })],
  ['payload: null', withClaimsPayload(null)],
  ['payload: a list', withClaimsPayload([])],
  ['payload: a string', withClaimsPayload('"ttd"')],
  ['payload: a number', withClaimsPayload(1)],
  ['payload: no JSON', withClaimsPayload('pid 01017512345')],
  ['header: null', withPayload(null)],
  ['header: a number', withPayload(1)],
  ['header: no JSON', withPayload('{')],
  ['of 20 KB', ofLength(15_000)],
]

/** A token larger than the headers that Node.js and the Functions host accept. */
export const tooLarge = ofLength(45_000)

const paths = ['.', '..', '../ttd', './ttd', 'ttd/', '/ttd', 'ttd/../ttd', 'x/../ttd', 'ttd/jwks']
const addresses = ['http://evil', 'http://127.0.0.1/ttd', '//evil', 'ttd?x=', 'ttd#', 'ttd\\']
const spellings = ['TTD', 'Ttd', ' ttd', 'ttd\n', 'ttd\0', 'ttd.', '-ttd', 'ttd-', 'ttđ', 'ｔｔｄ']
const odd = ['', ' ', 'ttd%2f', '%74td', '{issuer}', '__proto__', 'constructor', 't'.repeat(65)]
const notStrings = [undefined, null, 1, ['ttd'], { ttd: 'ttd' }]
const issuers = [...paths, ...addresses, ...spellings, ...odd, ...notStrings, 'nobody']
const apps = [undefined, null, '', 1, ['apps-test'], {}, '..', 'apps-test/x', 'ttd/apps-test']

/** Claims that make a platform token invalid, although the issuer ttd has signed it. */
export const invalidClaims: object[] = [
  ...issuers.map((iss) => ({ iss })),
  ...apps.map((name) => ({ 'urn:altinn:app': name })),
]
