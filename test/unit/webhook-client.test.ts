import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import path from 'node:path'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { startReceiver } from '../../local/receiver.ts'
import {
  LIMIT,
  client,
  receiver,
  rawServer,
  assertFailed,
  assertAnswered,
} from '../support/webhook-client.ts'
import { scaleTimeout } from '../support/time-limits.ts'

const INTERIM = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

test('an event is posted byte for byte, and the answer comes back', async (t) => {
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

test('a redirect is an answer and is not followed', async (t) => {
  const [there, inside] = [await receiver(t), await receiver(t)]
  const posts = client(t)
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
  const posts = client(t)
  const noLookup = client(t, { lookup: () => new Promise(() => {}) })
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

test('of an answer no more than 4 KB is read, quickly, and the connection is dropped', async (t) => {
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
  assertAnswered(await posts.post(`${there.url}/cut`), 200, `.${'æ'.repeat(2047)}`)
  assertAnswered(await posts.post(there.url), 200, '')
  assert.equal(there.connections, 4)
})

test('a compressed answer stays as it is', async (t) => {
  const there = await receiver(t)
  const body = gzipSync(Buffer.alloc(1_000_000, '.'))
  there.behave({ headers: { 'content-encoding': 'gzip' }, body })
  assertAnswered(await client(t).post(there.url), 200, body.toString())
})

test('each way to fail has its reason', async (t) => {
  const there = await receiver(t)
  there.behave({ headers: { flood: 'a'.repeat(40_000) } }, '/flood')
  there.behave({ does: 'reset' }, '/reset')
  const closed = await startReceiver()
  await closed.stop()
  const noHttp = await rawServer(t, (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
  const half = await rawServer(t, (socket) => socket.end('HTTP/1.1 200 OK\r\na: b\r\n'))
  const posts = client(t, { timeoutMs: 5000 })
  assertFailed(await posts.post(`${there.url}/flood`), 'other', /headers/)
  assertFailed(await posts.post(`${there.url}/reset`), 'reset')
  assertFailed(await posts.post(half), 'reset')
  assertFailed(await posts.post(noHttp), 'other', /not valid HTTP/)
  assertFailed(await posts.post(closed.url), 'refused')
  assertFailed(await posts.post('not a URL'), 'other')
  assertFailed(await posts.post(there.url.replace('http', 'https')), 'tls')
  assertFailed(await client(t, { lookup: async () => [] }).post('https://webhook.test/'), 'dns')
  assertAnswered(await posts.post(there.url), 200)
})

test('https goes to the checked address, and the certificate must be the name’s', async (t) => {
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

test('connections are kept and used again', async (t) => {
  const there = await receiver(t)
  const posts = client(t, { timeoutMs: 5000 })
  await posts.post(there.url)
  await turn() // the connection is free again a turn after the answer
  await posts.post(there.url)
  const [first, second] = there.deliveries.map(({ remotePort }) => remotePort)
  assert.equal(first, second)
})

test('a path that hangs keeps nobody else at the same origin waiting', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' }, '/hang')
  const posts = client(t, { timeoutMs: 10_000 })
  const hanging = Array.from({ length: 96 }, () => posts.post(`${there.url}/hang`))
  await there.waitFor(() => there.deliveries.length === hanging.length, scaleTimeout(10))
  assertAnswered(await posts.post(`${there.url}/well`), 200)
  await posts.close()
  for (const answer of await Promise.all(hanging)) assertFailed(answer, 'other')
})

test('closing fails what is under way, and what comes after', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' })
  const posts = client(t, { timeoutMs: 5000 })
  const underWay = posts.post(there.url)
  await there.waitFor(() => true, scaleTimeout(10))
  await posts.close()
  assertFailed(await underWay, 'other')
  assertFailed(await posts.post(there.url), 'other')
})

test('the bytes of a request are those that subscribers know', async (t) => {
  const sent = Promise.withResolvers<string>()
  const url = await rawServer(t, (socket) => {
    socket.once('data', (chunk: Buffer) => sent.resolve(chunk.toString()))
    socket.write(OK)
  })
  assertAnswered(await client(t).post(`${url}/a%2fb/æ?c=d`, '{"æ":1}'), 200, 'ok')
  const head = ['POST /a%2fb/%C3%A6?c=d HTTP/1.1', `host: ${new URL(url).host}`]
  const rest = ['connection: keep-alive', 'content-type: text/plain', 'content-length: 8']
  assert.equal(await sent.promise, [...head, ...rest, '', '{"æ":1}'].join('\r\n'))
})

test('interim answers are skipped, up to a hundred of any kind', async (t) => {
  const posts = client(t, { timeoutMs: scaleTimeout(5000) })
  const after = (text: string) => rawServer(t, (socket) => void socket.write(text))
  const kinds = [100, 102, 103, 199].map((status) => `HTTP/1.1 ${status} Wait\r\na: b\r\n\r\n`)
  assertAnswered(await posts.post(await after(kinds.join('').repeat(25) + OK)), 200, 'ok')
  assertAnswered(await posts.post(await after(INTERIM.repeat(100) + OK)), 200, 'ok')
  assertFailed(await posts.post(await after(INTERIM.repeat(101) + OK)), 'other', /100 interim/)
  const upgrade = 'HTTP/1.1 101 Switch\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'
  assertFailed(await posts.post(await after(upgrade + OK)), 'other', /another protocol/)
})

test('the head is the answer, whatever becomes of its body', async (t) => {
  const endings: ((socket: Socket) => void)[] = [
    () => {}, // it never comes
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.write('zz\r\nno chunk\r\n'),
  ]
  for (const status of [200, 410, 503])
    for (const end of endings) {
      const url = await rawServer(t, (socket) => {
        const head = `HTTP/1.1 ${status} Yes\r\nretry-after: 9\r\ntransfer-encoding: chunked`
        socket.write(`${head}\r\n\r\n4\r\nhalf\r\n`)
        setTimeout(() => end(socket), 50)
      })
      const answer = await client(t, { timeoutMs: scaleTimeout(5000) }).post(url)
      assertAnswered(answer, status, 'half')
      assert.deepEqual(answer.kind === 'answered' && answer.headers, { retryAfter: '9' })
      assert.ok(answer.ms < scaleTimeout(2000), `${answer.ms} ms: the body was waited for`)
    }
})

test('a head that came in time counts, though its body would take longer', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'drip' })
  const answer = await client(t).post(there.url)
  assertAnswered(answer, 200)
  assert.ok(answer.ms >= LIMIT - 5 && answer.ms < LIMIT + 400, `${answer.ms} ms`)
})

test('a body that breaks off in the middle of a character is kept up to the one before', async (t) => {
  const url = await rawServer(t, (socket) =>
    socket.end(
      Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbl\u{1F600}').subarray(0, -1),
    ),
  )
  assertAnswered(await client(t).post(url), 200, 'bl')
})

test('a kept connection that is closed as a request is sent fails it, and nothing is sent twice', async (t) => {
  let requests = 0
  const url = await rawServer(t, (socket) => {
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write(OK)
      else socket.destroy()
    })
  })
  const posts = client(t, { timeoutMs: scaleTimeout(5000) })
  assertAnswered(await posts.post(url), 200)
  await turn()
  assertFailed(await posts.post(url), 'reset')
  assert.equal(requests, 2)
})

test('an origin gets 128 connections at most, also while they are made', async (t) => {
  const there = await receiver(t)
  there.behave({ delayMs: 100 })
  const posts = client(t, { timeoutMs: scaleTimeout(5000) })
  const answers = await Promise.all(Array.from({ length: 300 }, () => posts.post(there.url)))
  for (const answer of answers) assertAnswered(answer, 200)
  assert.ok(there.connections <= 128 + 44, `${there.connections} connections`) // some are replaced before they are free
})

test('whoever waits for a connection fails at the time limit', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' })
  const posts = client(t, { timeoutMs: scaleTimeout(500) })
  const answers = await Promise.all(Array.from({ length: 140 }, () => posts.post(there.url)))
  for (const answer of answers) assertFailed(answer, 'timeout')
  assert.ok(there.deliveries.length < answers.length) // the first to end makes room for one that has time left
  there.behave({})
  assertAnswered(await posts.post(there.url), 200)
})

test('answers are read strictly, and only odd ones that mean one thing are read', async (t) => {
  const lines = (...head: string[]) => `${head.join('\r\n')}\r\n\r\nok`
  const length = 'content-length: 2'
  const read = [
    lines('HTTP/1.0 200 OK', length),
    lines('HTTP/1.1 200', length),
    lines('HTTP/1.1 200 OK', 'a: bl\u00E5', length),
  ]
  const refused = [
    lines('HTTP/1.2 200 OK', length),
    lines('ICY 200 OK'),
    lines('HTTP/1.1 200 OK', length).replaceAll('\r', ''),
    lines('HTTP/1.1 200 OK', 'a: b', ' c', length),
    lines('HTTP/1.1 200 OK', 'a : b', length),
    lines('HTTP/1.1 200 OK', 'a: b\u0001', length),
    lines('HTTP/1.1 200 OK', 'bl\u00E5: b', length),
    lines('HTTP/1.1 200 OK', length, length),
    lines('HTTP/1.1 200 OK', 'content-length: -2'),
    lines('HTTP/1.1 200 OK', length, 'transfer-encoding: chunked'),
    lines('HTTP/1.1 99 OK', length),
    lines('HTTP/1.1 1000 OK', length),
  ]
  const posts = client(t, { timeoutMs: scaleTimeout(5000) })
  const answerTo = async (text: string) =>
    posts.post(await rawServer(t, (socket) => void socket.write(text)))
  for (const text of read) assertAnswered(await answerTo(text), 200, 'ok')
  for (const text of refused) assertFailed(await answerTo(text), 'other', /not valid HTTP/)
  const large = lines('HTTP/1.1 200 OK', `a: ${'a'.repeat(16_384)}`, length)
  assertFailed(await answerTo(large), 'other', /too large/)
})
