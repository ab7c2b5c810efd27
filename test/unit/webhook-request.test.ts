import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { bodyOf } from '../../shared/events/event-body.ts'
import { createWebhookClient } from '../../shared/webhooks/webhook-client.ts'
import {
  newSecret,
  signatureHeaders,
  webhookRequest,
} from '../../shared/webhooks/webhook-request.ts'
import { loopback, toHere, receiver, assertAnswered } from '../support/webhook-client.ts'
import { scaleTimeout } from '../support/time-limits.ts'

test('signatures match the specification', () => {
  const headers = signatureHeaders({
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    body: '{"test": 2432232314}',
    secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    now: 1_614_265_330_999,
  })
  assert.deepEqual(headers, {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

test('new secrets are 32 random bytes, and the standard’s own package verifies their signatures', () => {
  const secret = newSecret()
  assert.match(secret, /^whsec_[A-Za-z\d+/]{43}=$/)
  assert.notEqual(newSecret(), secret)
  const body = '{"blåbær":"✓"}'
  const headers = signatureHeaders({ id: 'id', body, secrets: [secret], now: Date.now() })
  assert.deepEqual(new Webhook(secret).verify(body, headers), { blåbær: '✓' })
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers), /No matching signature/)
  assert.throws(() => new Webhook(newSecret()).verify(body, headers), /No matching signature/)
})

test('both secrets sign during a rotation, and either verifies', () => {
  const secrets = [newSecret(), newSecret()]
  const headers = signatureHeaders({ id: 'id', body: '{}', secrets, now: Date.now() })
  assert.match(headers['webhook-signature'] ?? '', /^v1,\S{44} v1,\S{44}$/)
  for (const secret of secrets) assert.deepEqual(new Webhook(secret).verify('{}', headers), {})
})

test('the request is the event unchanged; Slack gets it as text', () => {
  const event = { id: '1', data: { a: 'æ"' } }
  const body = bodyOf(event)
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'app-events',
    traceparent: '00-1-2-01',
  }
  for (const url of ['https://example.no/hooks.slack.com', 'https://hooks.slack.com.example.no'])
    assert.deepEqual(webhookRequest(url, body, '00-1-2-01'), {
      body,
      headers,
    })
  const slack = webhookRequest('https://HOOKS.slack.com/services/T/B', body, '00-1-2-01')
  assert.deepEqual(JSON.parse(JSON.parse(slack.body.toString()).text), event)
  assert.deepEqual(Object.keys(JSON.parse(slack.body.toString())), ['text'])
})

test('the receiver verifies signatures once it has the secret, and always answers validation', async (t) => {
  const there = await receiver(t)
  const posts = createWebhookClient({ timeoutMs: 5000, allowed: loopback, lookup: toHere })
  const secret = newSecret()
  const send = (event: object) => {
    const { body, headers } = webhookRequest(there.url, bodyOf(event), '00-1-2-01')
    const signed = signatureHeaders({ id: '1', body, secrets: [secret], now: Date.now() })
    return posts.post(there.url, body, { ...headers, ...signed })
  }
  await send({ id: 'before' })
  there.setSecret(newSecret())
  await send({ id: 'wrong' })
  there.setSecret(secret)
  there.behave((delivery) => ({ status: delivery.event?.id === 'right' ? 503 : 500 }))
  assertAnswered(await send({ id: 'right' }), 503)
  assertAnswered(await send({ type: 'platform.events.validatesubscription' }), 200)
  assert.deepEqual(
    there.deliveries.map(({ verified }) => verified),
    [undefined, false, true, true],
  )
  assert.equal(
    (await there.waitFor(({ event }) => event?.id === 'right', scaleTimeout(10))).verified,
    true,
  )
  await assert.rejects(
    there.waitFor(() => false, 0.05),
    /no such delivery/,
  )
})
