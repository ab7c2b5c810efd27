import { createPublicKey, type KeyObject } from 'node:crypto'
import Joi from 'joi'
import { fetchReason, fetchText } from '../http/fetch-text.ts'
import { requireHttpUrl } from '../http/http-url.ts'
import { parseJsonAnswer } from '../http/json.ts'

const limits = { timeoutMs: 5000, maxBytes: 1_048_576 } // real key sets have some 10 KB

/** A public key that a token may name by its `kid`. */
export interface SigningKey {
  kid: string | undefined
  key: KeyObject
}

/** Why keys could not be fetched; `isAbsent` where the server answered that there is nothing at the address. */
export interface FetchFailure {
  reason: string
  isAbsent: boolean
}

const jwks = Joi.object<{ keys: unknown[] }>({ keys: Joi.array().required() }).unknown()
const openIdConfiguration = Joi.object<{ jwks_uri: string }>({
  jwks_uri: Joi.string().custom(requireHttpUrl).required(),
}).unknown()

/** Returns the `jwks_uri` of an OpenID Connect Discovery 1.0 document. Throws when the document is unavailable or invalid. */
export async function jwksUriOf(openIdConfigurationUrl: string): Promise<string> {
  return (await fetchJson(openIdConfigurationUrl, openIdConfiguration, 'no jwks_uri')).jwks_uri
}

/** Returns the RSA signing keys at a JWKS URL; entries that are no such keys are passed over. Throws where there are none. */
export async function fetchKeys(jwksUri: string): Promise<SigningKey[]> {
  const fetcher = async (url: string) => ({
    keys: (await fetchJson(url, jwks, 'no list of keys')).keys.flatMap(withoutNulls),
  })
  const { JwksClient } = await import('jwks-rsa')
  const found = await new JwksClient({ jwksUri, cache: false, fetcher }).getSigningKeys()
  const keys = found.map((key) => ({ kid: key.kid, key: createPublicKey(key.getPublicKey()) }))
  const usable = keys.filter(({ key }) => key.asymmetricKeyType === 'rsa')
  if (usable.length === 0) throw new Error(NO_KEY)
  return usable
}
const NO_KEY = 'no usable key'

/** An entry's members that have a value: jwks-rsa skips a key with `use: null`, and fails for the whole set at an entry null. */
function withoutNulls(entry: unknown): object[] {
  if (typeof entry !== 'object' || entry === null) return []
  return [Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null))]
}

/** Returns what an error of `fetchKeys` or `jwksUriOf` means, in words that show nothing of the answer's body. */
export function fetchFailureOf(error: unknown): FetchFailure {
  const { name, cause } = error instanceof Error ? error : new Error(String(error))
  const reason = name === 'JwksError' ? NO_KEY : fetchReason(error, limits)
  return { reason, isAbsent: cause === 404 || cause === 410 }
}

/** Fetches JSON within 5 s, of at most 1 MB and without redirects: this response decides who may publish. */
async function fetchJson<T>(url: string, schema: Joi.ObjectSchema<T>, fault: string): Promise<T> {
  const { value, error } = schema.validate(parseJsonAnswer(await fetchText(url, limits)))
  if (error !== undefined) throw new Error(fault)
  return value
}
