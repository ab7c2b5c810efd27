// The HTTP side of the local host (local/host): what the real one does with HTTP streaming.
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
import { eventually } from '../support/stores.ts'

before(useHttpHost())

test('repeated headers are joined, repeated query names are not', async () => {
  const answer = await raw([
    'GET /api/echo?a=1&b=x%20y+z&A=2&a HTTP/1.1',
    ...close,
    'Authorization: one',
    'AUTHORIZATION: two',
    'Content-Type: a/b',
    'content-type: c/d',
    'User-Agent: u1',
    'User-Agent: u2',
    'X-Empty:',
    'Cookie: a=1',
    'Cookie: b=2',
  ])
  const { headers, query } = jsonOf(answer)
  assert.deepEqual(headers, [
    ['authorization', 'one,two'],
    ['connection', 'close'],
    ['content-type', 'a/b,c/d'],
    ['cookie', 'a=1,b=2'],
    ['host', 'caller.example:81'],
    ['user-agent', 'u1,u2'],
    ['x-empty', ''],
  ])
  assert.deepEqual(query, [
    ['a', '1'],
    ['b', 'x y z'],
    ['A', '2'],
    ['a', ''],
  ])
})

test('the URL is absolute, with the host of the request', async () => {
  const answer = await raw(['GET /api/echo/x?q=%2F HTTP/1.1', ...close])
  assert.equal(jsonOf(answer).url, 'http://caller.example:81/api/echo/x?q=%2F')
  const bad = await raw(['GET /api/echo HTTP/1.1', 'host: a b', 'connection: close'])
  assert.equal(statusOf(bad), 400)
})

test('decodes route parameters once, and keeps an encoded slash', async () => {
  const { params } = jsonOf(await raw(['GET /API/ECHO/a%20%C3%A5%2Fb%252f/ HTTP/1.1', ...close]))
  assert.deepEqual(params, { name: 'a å%2Fb%2f' })
  const [, absent] = await ask('/api/echo')
  assert.partialDeepStrictEqual(JSON.parse(absent), { params: {}, metadata: 'none' })
})

test('the query is among the parameters, in which those of the route win', async () => {
  const [, text] = await ask('/api/echo/x?name=y&b=1&B=2')
  assert.deepEqual(JSON.parse(text).params, { name: 'x', b: '1,2' })
})

test('a body arrives with a length and in chunks, that of a GET does not', async () => {
  const post = ['POST /api/echo HTTP/1.1', ...close]
  assert.equal(jsonOf(await raw([...post, 'content-length: 3'], 'abc')).body, 'abc')
  const chunked = await raw([...post, 'transfer-encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n')
  assert.equal(jsonOf(chunked).body, 'abc')
  const get = ['GET /api/echo HTTP/1.1', ...close, 'content-length: 3']
  assert.equal(jsonOf(await raw(get, 'abc')).body, '')
})

test('a body arrives as it comes, and an answer goes as it is made', async () => {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  socket.write(['POST /api/pieces HTTP/1.1', ...close, 'content-length: 5', '', 'abc'].join('\r\n'))
  await eventually('the first piece', () => answer.includes('3;'))
  socket.write('de')
  await once(socket, 'close')
  assert.match(answer, /2;/)
})

test('an answer does not wait for the body; a client that goes on is cut off', async () => {
  const socket = connect(port, '127.0.0.1')
  const closed = once(
    socket.on('error', () => {}),
    'close',
  )
  let answer = ''
  socket.on('data', (chunk) => (answer += String(chunk)))
  socket.write('POST /api/unread HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
  const more = setInterval(() => socket.write('1\r\nx\r\n'), 50)
  await eventually('the answer', () => answer.includes('answered'))
  await closed
  clearInterval(more)
})

test('a long body arrives whole', async () => {
  const body = 'å'.repeat(500_000)
  const answer = await fetch(`${url}/api/echo`, { method: 'POST', body })
  assert.equal(Object(await answer.json()).body, body)
})

test("the caller's trace goes on with a new span, else there is a new trace", async () => {
  const traceOf = async (headers: Record<string, string>) => {
    const answer = await fetch(`${url}/api/echo`, { headers })
    return Object(await answer.json()).trace
  }
  const id = '0af7651916cd43dd8448eb211c80319c'
  const caller = { traceparent: `00-${id}-b7ad6b7169203331-01`, tracestate: 'v=1' }
  const { traceParent, traceState } = await traceOf(caller)
  assert.match(traceParent, new RegExp(`^00-${id}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`))
  assert.equal(traceState, 'v=1')
  for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
    const fresh = await traceOf({ traceparent, tracestate: 'v=1' })
    assert.match(fresh.traceParent, /^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    assert.deepEqual(Object.keys(fresh), ['traceParent'])
  }
})

test('status, content type and body of an answer are those of streaming', async () => {
  const json = 'application/json'
  const plain = 'text/plain;charset=UTF-8'
  const expected: [string, number, string | null, string][] = [
    ['nothing', 500, null, ''], // as all 500s here: when the host gives up waiting
    ['null', 500, null, ''],
    ['empty', 200, null, ''],
    ['json', 200, json, '{"a":1}'],
    ['nulljson', 200, null, ''],
    ['both', 200, json, '1'],
    ['text', 200, plain, 'blåbær'],
    ['object', 200, plain, '[object Object]'],
    ['bytes', 200, null, '\0\ufffd'],
    ['string', 500, null, ''],
    ['status99', 500, null, ''],
    ['nobody', 204, null, ''],
    ['native', 202, plain, 'native'],
    ['throw', 500, null, ''],
    ['header', 500, null, ''],
    ['cookie', 200, null, ''],
  ]
  for (const [kind, status, type, body] of expected) {
    const answer = await fetch(`${url}/api/answer/${kind}`)
    const seen = [kind, answer.status, answer.headers.get('content-type'), await answer.text()]
    assert.deepEqual(seen, [kind, status, type, body])
  }
  const log = lines.join('\n')
  assert.match(log, /^\[error\] Function\.answer: Error: the secret reason$/m)
})

test('cookies are sent, and the id of the invocation', async () => {
  const { headers } = await fetch(`${url}/api/answer/cookie`)
  assert.deepEqual(headers.getSetCookie(), ['a=b; HttpOnly'])
  assert.match(headers.get('x-ms-invocation-id') ?? '', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
})

test('a body is chunked unless the function sets its length; header names are lower case', async () => {
  const get = (kind: string) => raw([`GET /api/answer/${kind} HTTP/1.1`, ...close])
  assert.match(await get('text'), /\r\ntransfer-encoding: chunked\r\n/i)
  const fixed = await get('length')
  assert.match(fixed, /\r\ncontent-length: 4\r\n/)
  assert.match(fixed, /\r\nx-case: Kept\r\n/)
  assert.doesNotMatch(fixed, /transfer-encoding/i)
})

test('the first function by name wins, not the most specific template', async () => {
  assert.deepEqual(await ask('/api/things/special'), [200, '["a-item",{"id":"special"}]'])
  assert.deepEqual(await ask('/api/things/special', 'DELETE'), [200, '["B-special",{}]'])
})

test('the default route is the name, for GET and POST; a trailing slash does not matter', async () => {
  assert.deepEqual(await ask('/API/Plain/'), [200, 'plain'])
  assert.deepEqual(await ask('/API/Plain/', 'POST'), [200, 'plain'])
})
