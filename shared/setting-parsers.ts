import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import Joi from 'joi'
import { requireHttpUrl } from './http/http-url.ts'
import { parseJsonOrUndefined } from './http/json.ts'

/** Has a message of its own: the library's shows the value, which contains a key. */
export function connectionString(form: RegExp) {
  return Joi.string().pattern(form).message('{{#label}} is not a connection string')
}

export function parseList(value: string): string[] {
  return value.split(',').map((item) => item.trim().toLowerCase())
}

export function parseRetrySchedule(value: string): number[] {
  const steps = value.split(',').map((step) => step.trim())
  if (steps.every((step) => /^\d+(\.\d+)?$/.test(step) && Number(step) <= 604_800))
    return steps.map(Number)
  throw new Error('it must be seconds, at most 604800, comma separated')
}

export function parseJwksUrl(value: string): string {
  requireHttpUrl(value.replaceAll('{issuer}', 'issuer'))
  return value
}

/** Returns the address of an API, with a slash at its end. */
export function parseApiUrl(value: string): string {
  return requirePrivateUrl(value).replace(/\/*$/, '/')
}

/** Returns an address that is sent keys, tokens and national identity numbers, or whose answers decide who may do what. */
export function requirePrivateUrl(value: string): string {
  const { protocol, hostname, search, hash, username } = URL.parse(value) ?? {}
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname ?? ''))
  if (!isPrivate || `${search}${hash}${username}` !== '')
    throw new Error('it must be an https URL without query (http on this machine alone)')
  return value
}

const isLoopback = (host: string): boolean =>
  ['localhost', '[::1]'].includes(host) || /^127(\.\d+){3}$/.test(host)

export function parseCertificates(value: string): Map<string, X509Certificate[]> {
  const texts = Joi.array().items(Joi.string()).min(1).single()
  const shape = Joi.object<Record<string, string[]>>()
    .pattern(Joi.string(), texts)
    .min(1) // none would reject every publisher
    .required()
  const { value: issuers, error } = shape.validate(parseJsonOrUndefined(value))
  if (error !== undefined)
    throw new Error('it must be a JSON object, issuer to list of certificates, none of them empty')
  return new Map(
    Object.entries(issuers).map(([issuer, given]) => [issuer, given.map(parseCertificate)]),
  )
}

/** Parses an RSA private key in a JWK. The error shows nothing of it. */
export function parsePrivateKey(value: string): KeyObject {
  const key = privateKeyOf(parseJsonOrUndefined(value))
  if (key?.asymmetricKeyType !== 'rsa') throw new Error('it must be a JWK with an RSA private key')
  return key
}

function privateKeyOf(jwk: unknown): KeyObject | undefined {
  try {
    return createPrivateKey({ key: Object(jwk), format: 'jwk' })
  } catch {
    return undefined
  }
}

/** Parses a certificate in PEM or base64 DER. Throws when it is invalid. */
function parseCertificate(text: string): X509Certificate {
  return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'))
}
