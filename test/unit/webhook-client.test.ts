import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setDefaultCACertificates } from 'node:tls'
import { startReceiver } from '../../local/receiver.ts'
import {
  LIMIT,
  INTERIM,
  OK,
  client,
  receiver,
  rawServer,
  assertFailed,
  assertAnswered,
} from '../support/webhook-client.ts'

test('an event is posted byte for byte, and the answer comes back', async (t) => {
  const there = await receiver(t)
  there.behave({
    status: 202,
    headers: { 'retry-after': '7', 'webhook-delivery': 'disable' },
    body: 'blåbær',
  })
  const answer = await client().post(`${there.url}/hook?a=b`, '{"æ":"ø"}')
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

test('a redirect is an answer and is not followed', async (t) => {
  const [there, inside] = [await receiver(t), await receiver(t)]
  const posts = client()
  for (const status of [301, 302, 303, 307, 308]) {
    there.behave({ status, headers: { location: inside.url } })
    assertAnswered(await posts.post(there.url), status)
  }
  assert.equal(inside.connections, 0)
})

test('whatever does not end is ended at the time limit, and the next request is not hindered', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' }, '/hang')
  there.behave({ delayMs: 2 * LIMIT }, '/late')
  const dripHeaders = await rawServer(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n')
    const drip = setInterval(() => socket.write('a: b\r\n'), 20)
    socket.on('close', () => clearInterval(drip))
  })
  const early = await rawServer(t, (socket) => {
    const drip = setInterval(() => socket.write(INTERIM), 20)
    socket.on('close', () => clearInterval(drip))
  })
  const posts = client()
  const noLookup = client({ lookup: () => new Promise(() => {}) })
  const answers = await Promise.all([
    ...['/hang', '/late'].map((behaviour) => posts.post(there.url + behaviour)),
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

test('each way to fail has its reason', async (t) => {
  const there = await receiver(t)
  there.behave({ headers: { flood: 'a'.repeat(40_000) } }, '/flood')
  there.behave({ does: 'reset' }, '/reset')
  const closed = await startReceiver()
  await closed.stop()
  const noHttp = await rawServer(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
  const half = await rawServer(t, (socket) => socket.end('HTTP/1.1 200 OK\r\na: b\r\n'))
  const posts = client({ timeoutMs: 5000 })
  assertFailed(await posts.post(`${there.url}/flood`), 'other', /headers/)
  assertFailed(await posts.post(`${there.url}/reset`), 'reset')
  assertFailed(await posts.post(half), 'reset')
  assertFailed(await posts.post(noHttp), 'other', /not valid HTTP/)
  assertFailed(await posts.post(closed.url), 'refused')
  assertFailed(await posts.post('not a URL'), 'other')
  assertFailed(await posts.post(there.url.replace('http', 'https')), 'tls')
  assertFailed(await client({ lookup: async () => [] }).post('https://webhook.test/'), 'dns')
  assertAnswered(await posts.post(there.url), 200)
})

test('https goes to the checked address, and the certificate must be the name’s', async (t) => {
  const read = (file: string) =>
    readFileSync(path.join(import.meta.dirname, '../support/certificates', file), 'utf8')
  const cert = read('webhook.certificate.pem')
  const there = await receiver(t, { tls: { key: read('webhook.test-key.pem'), cert } })
  const posts = client({ timeoutMs: 5000 })
  assertFailed(await posts.post(`https://webhook.test:${there.port}`), 'tls', /SELF_SIGNED/)
  setDefaultCACertificates([cert])
  assertAnswered(await posts.post(`https://webhook.test:${there.port}`), 200)
  assertFailed(await posts.post(`https://other.test:${there.port}`), 'tls', /ALTNAME/)
  assertFailed(await posts.post(there.url), 'tls') // by its address, which the certificate does not have
  assert.equal(there.deliveries.length, 1)
})

test('the bytes of a request are those that subscribers know', async (t) => {
  const sent = Promise.withResolvers<string>()
  const url = await rawServer(t, (socket) => {
    socket.once('data', (chunk: Buffer) => sent.resolve(chunk.toString()))
    socket.write(OK)
  })
  assertAnswered(await client().post(`${url}/a%2fb/æ?c=d`, '{"æ":1}'), 200, 'ok')
  const head = ['POST /a%2fb/%C3%A6?c=d HTTP/1.1', `host: ${new URL(url).host}`]
  const rest = ['connection: keep-alive', 'content-type: text/plain', 'content-length: 8']
  assert.equal(await sent.promise, [...head, ...rest, '', '{"æ":1}'].join('\r\n'))
})
