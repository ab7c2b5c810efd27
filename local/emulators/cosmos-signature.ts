import { createHmac, createSecretKey } from 'node:crypto'
import { HttpError } from './http-error.ts'

/** The key of every Cosmos emulator; published by Microsoft, so not a secret. */
export const emulatorKey =
  'C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw=='

// Made once: to make it of bytes each time took a tenth of all the time the emulator used.
const signingKey = createSecretKey(emulatorKey, 'base64')

/** What a signature covers: method, path and the `x-ms-date` header. */
export interface Signed {
  method: string
  /** The path, split at the slashes and decoded: `['dbs', 'events', 'colls']`. */
  segments: string[]
  date: string
}

/**
 * The Authorization header for a request, by
 * https://learn.microsoft.com/rest/api/cosmos-db/access-control-on-cosmosdb-resources
 */
export function authorization({ method, segments, date }: Signed, key = signingKey): string {
  const ofFeed = segments.length % 2 === 1 // `…/docs` and not `…/docs/1`
  const type = segments.at(ofFeed ? -1 : -2) ?? ''
  const link = (ofFeed ? segments.slice(0, -1) : segments).join('/')
  const text = `${method.toLowerCase()}\n${type}\n${link}\n${date.toLowerCase()}\n\n`
  const signature = createHmac('sha256', key).update(text).digest('base64')
  return encodeURIComponent(`type=master&ver=1.0&sig=${signature}`)
}

/** Refuses a request that the emulator's key has not signed. */
export function checkSignature(request: Signed & { authorization: string | undefined }): void {
  if (request.authorization === undefined) {
    throw new HttpError(
      401,
      'Required Header authorization is missing. Ensure a valid one is passed.',
    )
  }
  if (decoded(request.authorization) === decoded(authorization(request))) return
  throw new HttpError(
    401,
    "The input authorization token can't serve the request. The wrong key is being used or the " +
      'expected payload is not built as per the protocol.',
  )
}

/** Clients differ in how they percent-encode it (`%3d` and `%3D`). */
function decoded(header: string): string {
  try {
    return decodeURIComponent(header)
  } catch {
    return header
  }
}
