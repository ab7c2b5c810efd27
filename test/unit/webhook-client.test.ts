import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { startReceiver } from '../../local/receiver.ts'
import { createLookup } from '../../shared/webhooks/endpoint.ts'
import { createWebhookClient } from '../../shared/webhooks/webhook-client.ts'
import {
  LIMIT,
  loopback,
  client,
  receiver,
  rawServer,
  assertFailed,
  assertAnswered,
} from '../support/webhook-client.ts'
import { scaleTimeout } from '../support/time-limits.ts'

test('posts an event byte for byte, and returns the answer', async (t) => {
  const there = await receiver(t)
  there.behave({
    status: 202,
    headers: { 'retry-after': '7', 'webhook-delivery': 'disable' },
    body: 'blåbær',
  })
  const answer = await client(t).post(`${there.url}/hook?a=b`, '{"æ":"ø"}')
  assert.ok(answer.ms >= 0 && answer.ms < 5000)
  const headers = { retryAfter: '7', webhookDelivery: 'disable' }
  assert.deepEqual(answer, {
    kind: 'answered',
    status: 202,
    headers,
    body: 'blåbær',
    ms: answer.ms,
  })
  const [got] = there.deliveries
  assert.equal(got?.path, '/hook?a=b')
  assert.equal(got?.body, '{"æ":"ø"}')
  assert.equal(got?.headers['content-length'], '11')
  assert.equal(got?.headers['accept-encoding'], undefined)
})

test('returns a redirect and does not follow it', async (t) => {
  const [there, inside] = [await receiver(t), await receiver(t)]
  const posts = client(t)
  for (const status of [301, 302, 303, 307, 308]) {
    there.behave({ status, headers: { location: inside.url } })
    assertAnswered(await posts.post(there.url), status)
  }
  assert.equal(inside.connections, 0)
})

test('ends a request at the time limit, and the next one is not affected', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' }, '/hang')
  there.behave({ does: 'drip' }, '/drip')
  there.behave({ delayMs: 2 * LIMIT }, '/late')
  const dripHeaders = await rawServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const drip = setInterval(() => socket.write('a: b\r\n'), 20)
    socket.on('close', () => clearInterval(drip))
  })
  const early = await rawServer(t, (socket) => {
    const drip = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\n\r\n'), 20)
    socket.on('close', () => clearInterval(drip))
  })
  const posts = client(t)
  const noLookup = client(t, { lookup: () => new Promise(() => {}) })
  const answers = await Promise.all([
    ...['/hang', '/drip', '/late'].map((behaviour) => posts.post(there.url + behaviour)),
    posts.post(dripHeaders),
    posts.post(early),
    noLookup.post('https://webhook.test/'),
  ])
  for (const answer of answers) {
    assertFailed(answer, 'timeout')
    assert.ok(answer.ms >= LIMIT - 5 && answer.ms < LIMIT + 400, `${answer.ms} ms`)
  }
  assertAnswered(await posts.post(there.url), 200)
})

test('reads at most 4 KB of an answer, quickly, and drops the connection', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'endless' }, '/endless')
  there.behave({ body: Buffer.alloc(5_000_000, '.') }, '/large')
  there.behave({ body: `.${'æ'.repeat(3000)}` }, '/cut')
  const posts = client(t, { timeoutMs: 5000 })
  for (const behaviour of ['/endless', '/large']) {
    const answer = await posts.post(there.url + behaviour)
    assertAnswered(answer, 200, '.'.repeat(4096))
    assert.ok(answer.ms < 3000, `${answer.ms} ms`)
  }
  assertAnswered(await posts.post(`${there.url}/cut`), 200, `.${'æ'.repeat(2047)}\uFFFD`)
  assertAnswered(await posts.post(there.url), 200, '')
  assert.equal(there.connections, 4)
})

test('leaves a compressed answer as it is', async (t) => {
  const there = await receiver(t)
  const body = gzipSync(Buffer.alloc(1_000_000, '.'))
  there.behave({ headers: { 'content-encoding': 'gzip' }, body })
  assertAnswered(await client(t).post(there.url), 200, body.toString())
})

test('reports each kind of failure with its reason', async (t) => {
  const there = await receiver(t)
  there.behave({ headers: { flood: 'a'.repeat(40_000) } }, '/flood')
  there.behave({ does: 'reset' }, '/reset')
  there.behave({ headers: { 'content-length': '9' }, body: 'half' }, '/half')
  const closed = await startReceiver()
  await closed.stop()
  const noHttp = await rawServer(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
  const half = await rawServer(t, (socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  )
  const posts = client(t, { timeoutMs: 5000 })
  assertFailed(await posts.post(`${there.url}/flood`), 'other', /headers/)
  assertFailed(await posts.post(`${there.url}/reset`), 'reset')
  assertFailed(await posts.post(half), 'reset')
  assertFailed(await posts.post(noHttp), 'other', /not valid HTTP/)
  assertFailed(await posts.post(closed.url), 'refused')
  assertFailed(await posts.post('not a URL'), 'other')
  assertFailed(await posts.post(there.url.replace('http', 'https')), 'tls')
  const lookup = createLookup()
  const unknown = createWebhookClient({ timeoutMs: 5000, allowed: loopback, lookup })
  t.after(() => unknown.close())
  assertFailed(await unknown.post('https://nothing.invalid/', '', {}), 'dns')
  assertFailed(await client(t, { lookup: async () => [] }).post('https://webhook.test/'), 'dns')
  assertAnswered(await posts.post(there.url), 200)
})

test('https goes to the checked address, with the certificate of the name', async (t) => {
  const read = (file: string) =>
    readFileSync(path.join(import.meta.dirname, '../support/certificates', file), 'utf8')
  const cert = read('webhook.certificate.pem')
  const there = await receiver(t, { tls: { key: read('webhook.test-key.pem'), cert } })
  const posts = client(t, { timeoutMs: 5000 })
  assertFailed(await posts.post(`https://webhook.test:${there.port}`), 'tls', /SELF_SIGNED/)
  setDefaultCACertificates([cert])
  assertAnswered(await posts.post(`https://webhook.test:${there.port}`), 200)
  assertFailed(await posts.post(`https://other.test:${there.port}`), 'tls', /ALTNAME/)
  assertFailed(await posts.post(there.url), 'tls') // by its address, which the certificate does not have
  assert.equal(there.deliveries.length, 1)
})

test('keeps and reuses connections', async (t) => {
  const there = await receiver(t)
  const posts = client(t, { timeoutMs: 5000 })
  await posts.post(there.url)
  await turn() // the connection is free again a turn after the answer
  await posts.post(there.url)
  const [first, second] = there.deliveries.map(({ remotePort }) => remotePort)
  assert.equal(first, second)
})

test('a path that hangs delays no other at the same origin', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' }, '/hang')
  const posts = client(t, { timeoutMs: 10_000 })
  const hanging = Array.from({ length: 96 }, () => posts.post(`${there.url}/hang`))
  await there.waitFor(() => there.deliveries.length === hanging.length, scaleTimeout(10))
  assertAnswered(await posts.post(`${there.url}/well`), 200)
  await posts.close()
  for (const answer of await Promise.all(hanging)) assertFailed(answer, 'other')
})

test('close fails open and later requests', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' })
  const posts = client(t, { timeoutMs: 5000 })
  const underWay = posts.post(there.url)
  await there.waitFor(() => true, scaleTimeout(10))
  await posts.close()
  assertFailed(await underWay, 'other')
  assertFailed(await posts.post(there.url), 'other')
})
