import assert from 'node:assert/strict'
import type { World } from './stores.ts'

/** `type` and `title` of each status: the 400's as the original documentation shows them, the others of its family. */
const kinds = {
  400: ['https://tools.ietf.org/html/rfc7231#section-6.5.1', 'Bad Request'],
  401: ['https://tools.ietf.org/html/rfc7235#section-3.1', 'Unauthorized'],
  403: ['https://tools.ietf.org/html/rfc7231#section-6.5.3', 'Forbidden'],
  411: ['https://tools.ietf.org/html/rfc7231#section-6.5.10', 'Length Required'],
  413: ['https://tools.ietf.org/html/rfc7231#section-6.5.11', 'Payload Too Large'],
  415: ['https://tools.ietf.org/html/rfc7231#section-6.5.13', 'Unsupported Media Type'],
}
export type Status = keyof typeof kinds

export interface ProblemBody {
  detail: string
  traceId: string
  /** Only a 400 with several faults has them. */
  errors: { pointer: string; detail: string }[]
}

/** Asserts that an answer is a problem (RFC 9457) of that status with no member beyond ours, and gives what it says. */
export async function assertRefused(answer: Response, expected: Status): Promise<ProblemBody> {
  const text = await answer.text()
  assert.equal(answer.status, expected, text)
  assert.equal(answer.headers.get('content-type'), 'application/problem+json')
  assert.equal(answer.headers.get('www-authenticate'), null)
  const { type, title, status, detail, traceId, errors, ...others } = JSON.parse(text)
  assert.deepEqual([type, title, status], [...kinds[expected], expected])
  assert.match(traceId, /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
  assert.ok(typeof detail === 'string' && detail.length > 10)
  assert.deepEqual(others, {})
  assert.ok(errors === undefined || (expected === 400 && errors.length > 1))
  return { detail, traceId, errors: errors ?? [] }
}

/** How many events a world has stored, and how many messages wait for the fan-out. */
export async function countStored(world: World): Promise<{ stored: number; queued: number }> {
  return {
    stored: (await world.documents('events')).length,
    queued: await world.waiting('events-inbound'),
  }
}
