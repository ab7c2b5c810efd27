// What the webhook client reads of an answer.
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
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
import { scaleTimeout } from '../support/time-limits.ts'

test('of an answer no more than 4 KB is read, quickly, and the connection is dropped', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'endless' }, '/endless')
  there.behave({ body: Buffer.alloc(5_000_000, '.') }, '/large')
  there.behave({ body: `.${'æ'.repeat(3000)}` }, '/cut')
  const posts = client({ timeoutMs: 5000 })
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
  assertAnswered(await client().post(there.url), 200, body.toString())
})

test('interim answers are skipped, up to a hundred of any kind', async (t) => {
  const posts = client({ timeoutMs: scaleTimeout(5000) })
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
      const answer = await client({ timeoutMs: scaleTimeout(5000) }).post(url)
      assertAnswered(answer, status, 'half')
      assert.deepEqual(answer.kind === 'answered' && answer.headers, { retryAfter: '9' })
      assert.ok(answer.ms < scaleTimeout(2000), `${answer.ms} ms: the body was waited for`)
    }
})

test('a head that came in time counts, though its body would take longer', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'drip' })
  const answer = await client().post(there.url)
  assertAnswered(answer, 200)
  assert.ok(answer.ms >= LIMIT - 5 && answer.ms < LIMIT + 400, `${answer.ms} ms`)
})

test('a body that breaks off in the middle of a character is kept up to the one before', async (t) => {
  const url = await rawServer(t, (socket) =>
    socket.end(
      Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbl\u{1F600}').subarray(0, -1),
    ),
  )
  assertAnswered(await client().post(url), 200, 'bl')
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
  const posts = client({ timeoutMs: scaleTimeout(5000) })
  const answerTo = async (text: string) =>
    posts.post(await rawServer(t, (socket) => void socket.write(text)))
  for (const text of read) assertAnswered(await answerTo(text), 200, 'ok')
  for (const text of refused) assertFailed(await answerTo(text), 'other', /not valid HTTP/)
  const large = lines('HTTP/1.1 200 OK', `a: ${'a'.repeat(16_384)}`, length)
  assertFailed(await answerTo(large), 'other', /too large/)
})
