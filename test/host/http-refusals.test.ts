// What the HTTP side of the local host (local/host) refuses, as the real one does, and what just passes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { before, test } from 'node:test'
import {
  ask,
  close,
  jsonOf,
  lines,
  port,
  raw,
  statusOf,
  url,
  useHttpHost,
} from './fixture/http-host.ts'

before(useHttpHost())

test('rejects a body over 104,857,600 bytes before it reads it', async () => {
  const post = (path: string) => [`POST ${path} HTTP/1.1`, ...close, 'content-length: 104857601']
  assert.match(await raw(post('/api/echo')), /^HTTP\/1.1 500 .*connection: close.*\r\n\r\n$/is)
  assert.equal(statusOf(await raw(post('/nowhere'))), 404)
  const accepted = connect(port, '127.0.0.1')
  accepted.write(
    `${[...post('/api/echo').slice(0, -1), 'content-length: 104857600'].join('\r\n')}\r\n\r\n`,
  )
  await ask('/api/echo') // a refusal would have come by now
  assert.equal(accepted.read(), null)
  accepted.destroy()
})

const refused: [status: number, what: string, lines: string[]][] = [
  [200, 'a request line of 8,192 bytes', [lineOf(8192)]],
  [414, 'a request line of more', [lineOf(8193)]],
  [200, '100 header lines', [lineOf(99), ...headerLines(98)]],
  [431, 'more header lines', [lineOf(99), ...headerLines(99)]],
  [400, 'a raw Latin-1 byte in a header', [lineOf(99), 'x: bl\xe5']],
  [200, 'the same letter in UTF-8', [lineOf(99), 'x: bl\xc3\xa5']],
  [500, 'a letter in a header above U+00FF', [lineOf(99), 'x: \xc4\x80']],
  [400, '%00 in the path', ['GET /api/echo/%00 HTTP/1.1']],
  [200, '%00 in the query', ['GET /api/echo?%00 HTTP/1.1']],
]
for (const [status, what, [line = '', ...headers]] of refused)
  test(`${what}: ${status}`, async () => {
    const answer = await raw([line, ...close, ...headers])
    assert.equal(statusOf(answer), status)
    if (status !== 200) assert.match(answer, /connection: close.*\r\n\r\n$/is)
  })

test('header values are UTF-8', async () => {
  const { headers } = jsonOf(await raw([lineOf(99), ...close, 'x: bl\xc3\xa5']))
  assert.deepEqual(headers.at(-1), ['x', 'blå'])
})

/** A request line of so many bytes, with its end. */
function lineOf(bytes: number): string {
  const rest = bytes - 'GET /api/echo? HTTP/1.1\r\n'.length
  return `GET /api/echo?${'x'.repeat(rest)} HTTP/1.1`
}

function headerLines(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `x-${index}: 1`)
}

test('an upload that breaks off harms nobody', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.end('POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc')
  await once(socket.resume(), 'close')
  assert.equal((await ask('/api/echo'))[0], 200)
})

test('responds 404 with no body to a wrong method, an unknown path, HEAD and OPTIONS', async () => {
  for (const method of ['PUT', 'HEAD', 'OPTIONS'])
    assert.deepEqual(await ask('/api/plain', method), [404, ''], method)
  for (const path of ['/', '/plain', '/api', '/api/things', '/api/things/x/y', '/api//plain'])
    assert.deepEqual(await ask(path), [404, ''], path)
  const head = await fetch(`${url}/api/head`, { method: 'HEAD' })
  assert.equal(head.headers.get('x'), 'head')
})

test('responds 404 for a disabled function, which still hides the one behind it', async () => {
  assert.deepEqual(await ask('/api/off/x'), [404, ''])
})

test('skips a reserved route, with a log line', async () => {
  assert.ok(lines.some((line) => line.includes('e-admin is left out')))
  assert.deepEqual(await ask('/api/administrators'), [404, ''])
})

test('rejects registrations and hooks after the start', async () => {
  const [registered, setUp] = JSON.parse((await ask('/api/late'))[1])
  assert.match(registered, /can only be registered during app startup/)
  assert.match(setUp, /can't be changed after app startup/)
})

test('listens on the loopback address only', async () => {
  await assert.rejects(once(connect(port, '127.0.0.2'), 'connect'))
})
