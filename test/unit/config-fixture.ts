import assert from 'node:assert/strict'
import { readConfig } from '../../shared/config.ts'

export const COSMOS = 'AccountEndpoint=https://events.documents.azure.com:443/;AccountKey=S3CRET==;'
export const STORAGE = 'DefaultEndpointsProtocol=https;AccountName=events;AccountKey=S3CRET=='
export const OPENID =
  'https://platform.altinn.no/authentication/api/v1/openid/.well-known/openid-configuration'
export const JWKS = 'https://keys.example.no/{issuer}/jwks'
/** The settings that are enough. */
export const enough = {
  Cosmos: COSMOS,
  QueueStorage: STORAGE,
  ALTINN_OPENID_CONFIGURATION_URL: OPENID,
  PLATFORM_TOKEN_JWKS_URL: JWKS,
}
export type Changes = Record<string, string | undefined>

/** Reads the settings that are enough with these changed; undefined leaves one out. */
export const read = (changes: Changes = {}) => readConfig({ ...enough, ...changes })

/** What the error says with these settings changed. */
export function faultOf(changes: Changes): string {
  try {
    read(changes)
  } catch (error) {
    assert.ok(error instanceof Error)
    return error.message
  }
  throw new assert.AssertionError({ message: `accepted: ${JSON.stringify(changes)}` })
}
