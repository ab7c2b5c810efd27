import { constants, createHmac, generateKeyPair, sign, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { callers } from '../../local/tokens.ts'

/** A key as an issuer has it; `jwk` is what it publishes, as Altinn does: no `alg`, `n` and `e` in padded base64. */
export interface SigningKey {
  kid: string
  privateKey: KeyObject
  publicKey: KeyObject
  jwk: { kty: 'RSA'; use: 'sig'; kid: string; n: string; e: string }
}

export async function newKey(kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const jwk = { kty: 'RSA' as const, use: 'sig' as const, kid, n: padded(n), e: padded(e) }
  return { kid, privateKey, publicKey, jwk }
}

const padded = (text: string) => Buffer.from(text, 'base64url').toString('base64')

type Pair = Pick<SigningKey, 'privateKey' | 'publicKey'>

type Signer = (input: Buffer, keys: Pair) => Buffer

/** How each algorithm signs; HS256 takes the public key for a shared secret, as a careless verifier would. */
const signers: Record<string, Signer> = {
  none: () => Buffer.from(''),
  RS256: (input, { privateKey }) => sign('sha256', input, privateKey),
  RS384: (input, { privateKey }) => sign('sha384', input, privateKey),
  RS512: (input, { privateKey }) => sign('sha512', input, privateKey),
  PS256: (input, { privateKey: key }) =>
    sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ES256: (input, { privateKey: key }) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  HS256: (input, { publicKey }) =>
    createHmac('sha256', publicKey.export({ format: 'pem', type: 'spki' }))
      .update(input)
      .digest(),
}
const signatures = new Map<unknown, Signer>(Object.entries(signers)) // an `alg` may be anything

/** A token, byte by byte: any header, any payload (a text as it stands), rightly signed for the header's `alg`. */
export function forge(
  key: SigningKey | (Pair & { kid?: string }),
  payload: unknown,
  header: Record<string, unknown> = {},
): string {
  const full = { alg: 'RS256', kid: key.kid, typ: 'JWT', ...header }
  const input = `${encode(full)}.${encode(payload)}`
  const signature = signatures.get(full.alg)?.(Buffer.from(input), key) ?? Buffer.from('unsigned')
  return `${input}.${signature.toString('base64url')}`
}

export const encode = (part: unknown): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** A moment as tokens have it; fractions of a second are allowed (RFC 7519 §2). */
export const fromNow = (seconds: number): number => Date.now() / 1000 + seconds

const lifetime = () => ({ nbf: fromNow(-5), iat: fromNow(0), exp: fromNow(300) })

/** The claims of an Altinn token of the org ttd; a change to undefined leaves one out. */
export const altinnClaims = (changes: object = {}) => ({
  iss: 'https://platform.altinn.no/authentication/api/v1/openid/',
  ...callers.org('ttd'),
  ...lifetime(),
  ...changes,
})

/** The claims of a platform access token of the app ttd/apps-test; a change to undefined leaves one out. */
export const platformClaims = (changes: object = {}) => ({
  iss: 'ttd',
  'urn:altinn:app': 'apps-test',
  aud: 'platform.altinn.no',
  ...lifetime(),
  ...changes,
})
