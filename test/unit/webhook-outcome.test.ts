import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Answer, attemptOf, outcomeOf } from '../../shared/webhooks/webhook-outcome.ts'

const now = Date.parse('2026-11-24T12:00:00Z')

const answered = (
  status: number,
  headers: { retryAfter?: string; webhookDelivery?: string } = {},
) => outcomeOf({ kind: 'answered', status, headers, body: '', ms: 1 }, now)

test('the status decides whether an answer is delivered, gone or failed', () => {
  for (const status of [200, 201, 202, 204, 299])
    assert.deepEqual(answered(status), { kind: 'delivered' })
  for (const status of [301, 304, 400, 401, 404, 408, 500, 503])
    assert.deepEqual(answered(status), {
      kind: 'failed',
      waitSeconds: 0,
      reason: `answered ${status}`,
    })
  assert.deepEqual(answered(429), { kind: 'failed', waitSeconds: 60, reason: 'answered 429' })
  assert.deepEqual(answered(410), { kind: 'gone', arrived: false, reason: '410' })
})

test('webhook-delivery: disable is gone, whatever the status; with a 2xx the event arrived', () => {
  const reason = 'disabled by webhook-delivery header'
  for (const webhookDelivery of ['disable', ' Disable '])
    for (const status of [200, 410, 500])
      assert.deepEqual(answered(status, { webhookDelivery }), {
        kind: 'gone',
        arrived: status === 200,
        reason,
      })
  assert.equal(answered(200, { webhookDelivery: 'enable' }).kind, 'delivered')
})

test('honours Retry-After in each of its forms, up to 24 h', () => {
  const waits: [string, number][] = [
    ['5', 5],
    [' 120 ', 120],
    ['0', 0],
    ['86400', 86_400],
    ['86401', 86_400],
    ['9'.repeat(400), 86_400],
    ['Tue, 24 Nov 2026 12:02:00 GMT', 120],
    ['Tuesday, 24-Nov-26 12:02:00 GMT', 120],
    ['Tue Nov 24 12:02:00 2026', 120],
    ['Fri Jan  1 00:00:00 2027', 86_400],
    ['Tue, 24 Nov 2026 11:59:00 GMT', 0],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ...[
      '',
      '-5',
      '1.5',
      '5s',
      '1e3',
      '0x10',
      'soon',
      'in 5',
      '2026-11-24T12:02:00Z',
      'Tue, 99 Foo 2026 12:02:00 GMT',
    ].map((malformed): [string, number] => [malformed, 0]),
  ]
  for (const [retryAfter, waitSeconds] of waits)
    assert.deepEqual(
      answered(503, { retryAfter }),
      { kind: 'failed', waitSeconds, reason: 'answered 503' },
      retryAfter,
    )
  assert.deepEqual(answered(429, { retryAfter: '5' }), {
    kind: 'failed',
    waitSeconds: 60,
    reason: 'answered 429',
  })
  assert.deepEqual(answered(429, { retryAfter: '90' }), {
    kind: 'failed',
    waitSeconds: 90,
    reason: 'answered 429',
  })
  assert.equal(answered(200, { retryAfter: '90' }).kind, 'delivered')
})

test('only a timeout adds a wait to a failure', () => {
  for (const reason of ['timeout', 'refused', 'reset', 'dns', 'tls', 'address', 'other'] as const)
    assert.deepEqual(outcomeOf({ kind: 'failed', reason, detail: 'why', ms: 1 }, now), {
      kind: 'failed',
      waitSeconds: reason === 'timeout' ? 60 : 0,
      reason: `${reason}: why`,
    })
})

test('an attempt records when it began and its result', () => {
  const at = '2026-11-24T11:59:59.000Z'
  const whole: Answer = { kind: 'answered', status: 500, headers: {}, body: 'no', ms: 1000 }
  assert.deepEqual(attemptOf(whole, now), { at, ms: 1000, status: 500, answer: 'no' })
  const none: Answer = { kind: 'failed', reason: 'dns', detail: 'why', ms: 1000 }
  assert.deepEqual(attemptOf(none, now), { at, ms: 1000, failure: 'dns: why' })
})
