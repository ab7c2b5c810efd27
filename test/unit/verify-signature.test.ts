// How the console verifies a signature that someone has pasted.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { verifySignature } from '../../console/deliveries/verify-signature.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='
const other = 'whsec_AAAQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='
const at = new Date(1_787_223_476_000)
const message = { id: 'one', timestamp: '1787223476', body: '{"subject":"Ærlig talt"}' }
const signed = (by: string) => new Webhook(by).sign(message.id, at, message.body)

test('a signature of Standard Webhooks is verified, one of several too', async () => {
  const signature = signed(secret)
  assert.equal(await verifySignature({ ...message, signature }, secret), 'verified')
  const both = `${signed(other)} ${signature}`
  assert.equal(await verifySignature({ ...message, signature: both }, ` ${secret}\n`), 'verified')
})

test('another secret, id, time, body or no signature is different', async () => {
  const right = { ...message, signature: signed(secret) }
  assert.equal(await verifySignature(right, other), 'different')
  for (const change of [{ id: 'two' }, { timestamp: '1' }, { body: '' }, { signature: '' }])
    assert.equal(await verifySignature({ ...right, ...change }, secret), 'different')
})

test('what is no secret is told apart', async () => {
  for (const wrong of ['', 'whsec_', 'whsec_ø', 'a b', 'whsec_a'])
    assert.equal(await verifySignature({ ...message, signature: '' }, wrong), 'wrong secret', wrong)
})
