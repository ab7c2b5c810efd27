// The HTTP side of the local host (local/host): what the real one does in its classic mode.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { startHost } from './fixture/host-process.ts'

const settings = { 'AzureWebJobs.c-off.Disabled': 'TRUE' }
const { url, lines } = await startHost({ after }, 'http.cjs', { settings })
const port = Number(new URL(url).port)
const close = ['host: caller.example:81', 'connection: close']

/** Sends bytes unchanged. Returns all bytes received until the connection ends. */
async function raw(head: string[], body = ''): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  await once(socket, 'close')
  return Buffer.concat(chunks).toString()
}
const jsonOf = (answer: string) => JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? 'null')
const statusOf = (answer: string) => Number(answer.split(' ')[1])

async function ask(path: string, method = 'GET'): Promise<[number, string]> {
  const answer = await fetch(`${url}${path}`, { method })
  return [answer.status, await answer.text()]
}

test('joins repeated headers and query names; matches query names in any case', async () => {
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
    ['a', '1,2,'],
    ['b', 'x y z'],
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

test('reads a body with a length; any other counts as empty', async () => {
  const post = ['POST /api/echo HTTP/1.1', ...close]
  assert.equal(jsonOf(await raw([...post, 'content-length: 3'], 'abc')).body, 'abc')
  const chunked = await raw([...post, 'transfer-encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n')
  assert.equal(jsonOf(chunked).body, '')
  const get = ['GET /api/echo HTTP/1.1', ...close, 'content-length: 3']
  assert.equal(jsonOf(await raw(get, 'abc')).body, '')
})

test('reads a long body whole', async () => {
  const body = 'å'.repeat(500_000)
  const answer = await fetch(`${url}/api/echo`, { method: 'POST', body })
  assert.equal(Object(await answer.json()).body, body)
})

test('rejects a body over 104,857,600 bytes before it reads it', async () => {
  const post = (path: string) => [`POST ${path} HTTP/1.1`, ...close, 'content-length: 104857601']
  assert.match(await raw(post('/api/echo')), /^HTTP\/1.1 413 .*\r\n\r\n$/s)
  assert.equal(statusOf(await raw(post('/nowhere'))), 404)
  const accepted = connect(port, '127.0.0.1')
  accepted.write(
    `${[...post('/api/echo').slice(0, -1), 'content-length: 104857600'].join('\r\n')}\r\n\r\n`,
  )
  await ask('/api/echo') // a refusal would have come by now
  assert.equal(accepted.read(), null)
  accepted.destroy()
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

test('survives an upload that is interrupted', async () => {
  const socket = connect(port, '127.0.0.1')
  socket.end('POST /api/echo HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nabc')
  await once(socket.resume(), 'close')
  assert.equal((await ask('/api/echo'))[0], 200)
})

test('status, content type and body of a response are those of the classic mode', async () => {
  const json = 'application/json'
  const plain = 'text/plain;charset=UTF-8'
  const expected: [string, number, string | null, string][] = [
    ['nothing', 204, null, ''],
    ['null', 204, null, ''],
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
    ['cookie', 500, null, ''], // the local host has none
  ]
  for (const [kind, status, type, body] of expected) {
    const answer = await fetch(`${url}/api/answer/${kind}`)
    const seen = [kind, answer.status, answer.headers.get('content-type'), await answer.text()]
    assert.deepEqual(seen, [kind, status, type, body])
  }
  const log = lines.join('\n')
  assert.match(log, /^\[error\] Function\.answer: Error: the secret reason$/m)
  assert.match(log, /^\[error\] Host: Error: the local host has no cookies$/m)
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
