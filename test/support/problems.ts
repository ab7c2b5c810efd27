import assert from 'node:assert/strict'
import { STATUS_CODES } from 'node:http'
import type { TestStores } from './stores.ts'

/** `type` and `title` of each status: the 400's as the original documentation shows them, the others of its family. */
const expectedTypes = {
  400: ['https://tools.ietf.org/html/rfc7231#section-6.5.1', 'Bad Request'],
  401: ['https://tools.ietf.org/html/rfc7235#section-3.1', 'Unauthorized'],
  403: ['https://tools.ietf.org/html/rfc7231#section-6.5.3', 'Forbidden'],
  411: ['https://tools.ietf.org/html/rfc7231#section-6.5.10', 'Length Required'],
  413: ['https://tools.ietf.org/html/rfc7231#section-6.5.11', 'Payload Too Large'],
  415: ['https://tools.ietf.org/html/rfc7231#section-6.5.13', 'Unsupported Media Type'],
}
export type Status = keyof typeof expectedTypes

export interface ProblemBody {
  type: string
  detail: string
  traceId: string
  errors: { pointer: string; detail: string }[] | undefined
}

/** Asserts that an answer is a problem (RFC 9457) of that status without other members. Returns its body. */
export async function assertProblemBody(answer: Response, expected: number): Promise<ProblemBody> {
  const text = await answer.text()
  assert.equal(answer.status, expected, text)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  const { type, title, status, detail, traceId, errors, ...others } = Object(JSON.parse(text))
  assert.match(type, /^https:\/\/tools\.ietf\.org\/html\/rfc\d+#section-[\d.]+$/)
  assert.deepEqual([title, status], [STATUS_CODES[expected], expected])
  assert.match(traceId, /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
  assert.equal(typeof detail, 'string')
  assert.ok(errors === undefined || Array.isArray(errors))
  assert.deepEqual(others, {})
  return { type, detail, traceId, errors }
}

/** Asserts that POST /app rejected a request: the problem of that status, with its own `type`. Returns its body. */
export async function assertRefused(answer: Response, expected: Status) {
  const { type, detail, traceId, errors } = await assertProblemBody(answer, expected)
  assert.equal(answer.headers.get('www-authenticate'), null)
  assert.deepEqual([type, STATUS_CODES[expected]], expectedTypes[expected])
  assert.ok(detail.length > 10)
  assert.ok(errors === undefined || (expected === 400 && errors.length > 1))
  return { detail, traceId, errors: errors ?? [] }
}

/** How many events are stored, and how many messages wait for the fan-out. */
export async function countStored(stores: TestStores): Promise<{ stored: number; queued: number }> {
  return {
    stored: (await stores.documents('events')).length,
    queued: await stores.countMessages('events-inbound'),
  }
}
