import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { BlockList, createServer, type Socket } from 'node:net'
import path from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { Webhook } from 'standardwebhooks'
import { startReceiver } from '../../local/receiver.ts'
import { parseNetworks } from '../../shared/http/networks.ts'
import { createLookup, faultOfEndpoint, type Lookup } from '../../shared/webhooks/endpoint.ts'
import { createWebhookClient } from '../../shared/webhooks/webhook-client.ts'
import { type Answer, attemptOf, outcomeOf } from '../../shared/webhooks/webhook-outcome.ts'
import {
  newSecret,
  signatureHeaders,
  webhookRequest,
} from '../../shared/webhooks/webhook-request.ts'

const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
after(() => assert.deepEqual(unhandled, []))

const LIMIT = 400 // ms
const loopback = parseNetworks('127.0.0.0/8,::1/128')
const toHere: Lookup = async () => ['127.0.0.1']

function client(t: TestContext, { allowed = loopback, lookup = toHere, timeoutMs = LIMIT } = {}) {
  const made = createWebhookClient({ timeoutMs, allowed, lookup })
  t.after(() => made.close())
  return {
    ...made,
    post: (url: string, body = '{}') => made.post(url, body, { 'content-type': 'text/plain' }),
  }
}

async function receiver(t: TestContext, options: Parameters<typeof startReceiver>[0] = {}) {
  const started = await startReceiver(options)
  t.after(() => started.stop())
  return started
}

/** A server that treats the connection as it likes; gives its address. */
async function rawServer(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {}).resume()
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const bound = server.address()
  return `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
}

/** Asserts that a request failed for this reason, and that what is said of it names nothing internal. */
function assertFailed(answer: Answer, reason: string, detail?: RegExp): void {
  assert.equal(answer.kind === 'failed' ? answer.reason : JSON.stringify(answer), reason)
  if (answer.kind !== 'failed') return
  assert.doesNotMatch(answer.detail, /\d+\.\d+\.\d+\.\d+|localhost|node_modules/)
  if (detail !== undefined) assert.match(answer.detail, detail)
}

function assertAnswered(answer: Answer, status: number, body?: string): void {
  assert.equal(answer.kind === 'answered' ? answer.status : JSON.stringify(answer), status)
  if (answer.kind === 'answered' && body !== undefined) assert.equal(answer.body, body)
}

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
  assertAnswered(await posts.post(`${there.url}/cut`), 200, `.${'æ'.repeat(2047)}\uFFFD`)
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

/** Receivers on the same port of two addresses, of which only the first may be connected to. */
async function twoAddresses(t: TestContext) {
  const open = await receiver(t, { host: '127.0.0.2' })
  const closed = await receiver(t, { host: '127.0.0.3', port: open.port })
  return { open, closed, port: open.port, allowed: parseNetworks('127.0.0.2/32') }
}

test('a name that leads elsewhere after it was checked is not followed there', async (t) => {
  const { open, closed, port, allowed } = await twoAddresses(t)
  const answers = [['127.0.0.2'], ['127.0.0.3']]
  const asked: string[] = []
  const lookup: Lookup = async (name) => {
    asked.push(name)
    return answers[asked.length - 1] ?? []
  }
  const url = `http://webhook.test:${port}/`
  assert.equal(await faultOfEndpoint(url, { allowed, lookup }), undefined)
  assertFailed(
    await client(t, { allowed, lookup }).post(url),
    'address',
    /WEBHOOK_ALLOWED_NETWORKS/,
  )
  assert.deepEqual(asked, ['webhook.test', 'webhook.test'])
  assert.deepEqual([open.connections, closed.connections], [0, 0])
})

test('the connection goes to the very answer that was checked: the name is asked for once', async (t) => {
  const { open, closed, port, allowed } = await twoAddresses(t)
  const answers = [['127.0.0.2'], ['127.0.0.3']]
  const lookup: Lookup = async () => answers.shift() ?? []
  assertAnswered(await client(t, { allowed, lookup }).post(`http://webhook.test:${port}/`), 200)
  assert.deepEqual([open.connections, closed.connections], [1, 0])
  assert.equal(answers.length, 1)
})

test('a name with one bad address of two is not connected to at all', async (t) => {
  const { open, closed, port, allowed } = await twoAddresses(t)
  for (const second of ['127.0.0.3', '169.254.169.254', '::ffff:127.0.0.3', '8.8.8.8']) {
    const lookup: Lookup = async () => ['127.0.0.2', second]
    assertFailed(
      await client(t, { allowed, lookup }).post(`http://webhook.test:${port}`),
      'address',
    )
  }
  assert.deepEqual([open.connections, closed.connections], [0, 0])
})

test('an address is not connected to, however it is spelled, unless it is allowed', async (t) => {
  const { closed, port, allowed } = await twoAddresses(t)
  const hosts = [
    '127.0.0.3',
    '127.3',
    '127.0.3',
    '2130706435',
    '0x7f000003',
    '0x7f.3',
    '0177.0.0.3',
  ]
  const more = ['0177.3', '127.0.0.3.', '%31%32%37.0.0.3', '１２７。0。0。3', '[::ffff:127.0.0.3]']
  const posts = client(t, { allowed, timeoutMs: 5000 })
  for (const host of [...hosts, ...more, '[::ffff:7f00:3]'])
    for (const scheme of ['http', 'https'])
      assertFailed(await posts.post(`${scheme}://${host}:${port}/`), 'address')
  assert.equal(closed.connections, 0)
  const control = client(t, { timeoutMs: 5000 })
  for (const host of [...hosts, ...more])
    assertAnswered(await control.post(`http://${host}:${port}/`), 200)
  assert.ok(closed.connections > 0)
})

test('no request leaves for metadata, nor over http for an address outside the allowed networks', async (t) => {
  const everything = client(t, { allowed: parseNetworks('0.0.0.0/0,::/0') })
  for (const host of [
    '169.254.169.254',
    '168.63.129.16',
    '[fd00:ec2::254]',
    '[64:ff9b::a9fe:a9fe]',
  ])
    for (const scheme of ['http', 'https'])
      assertFailed(await everything.post(`${scheme}://${host}/`), 'address', /never allowed/)
  for (const allowed of [loopback, new BlockList()]) {
    assertFailed(await client(t, { allowed }).post('http://8.8.8.8/'), 'address', /http/)
    const lookup: Lookup = async () => ['8.8.8.8']
    assertFailed(
      await client(t, { allowed, lookup }).post('http://webhook.test/'),
      'address',
      /http/,
    )
  }
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
  await there.waitFor(() => there.deliveries.length === hanging.length)
  assertAnswered(await posts.post(`${there.url}/well`), 200)
  await posts.close()
  for (const answer of await Promise.all(hanging)) assertFailed(answer, 'other')
})

test('closing fails what is under way, and what comes after', async (t) => {
  const there = await receiver(t)
  there.behave({ does: 'hang' })
  const posts = client(t, { timeoutMs: 5000 })
  const underWay = posts.post(there.url)
  await there.waitFor(() => true)
  await posts.close()
  assertFailed(await underWay, 'other')
  assertFailed(await posts.post(there.url), 'other')
})

const now = Date.parse('2026-11-24T12:00:00Z')
const answered = (
  status: number,
  headers: { retryAfter?: string; webhookDelivery?: string } = {},
) => outcomeOf({ kind: 'answered', status, headers, body: '', ms: 1 }, now)

test('an answer is delivered, gone or failed by its status', () => {
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

test('webhook-delivery: disable is gone, whatever the status; with a 2xx the event arrived all the same', () => {
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

test('Retry-After is obeyed, in each of its forms, up to 24 h', () => {
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

test('of failures only a timeout makes the next try wait', () => {
  for (const reason of ['timeout', 'refused', 'reset', 'dns', 'tls', 'address', 'other'] as const)
    assert.deepEqual(outcomeOf({ kind: 'failed', reason, detail: 'why', ms: 1 }, now), {
      kind: 'failed',
      waitSeconds: reason === 'timeout' ? 60 : 0,
      reason: `${reason}: why`,
    })
})

test('the record of an attempt says when it began and what came of it', () => {
  const at = '2026-11-24T11:59:59.000Z'
  const whole: Answer = { kind: 'answered', status: 500, headers: {}, body: 'no', ms: 1000 }
  assert.deepEqual(attemptOf(whole, now), { at, ms: 1000, status: 500, answer: 'no' })
  const none: Answer = { kind: 'failed', reason: 'dns', detail: 'why', ms: 1000 }
  assert.deepEqual(attemptOf(none, now), { at, ms: 1000, failure: 'dns: why' })
})

test('signatures are those of the specification', () => {
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

test('new secrets are 32 bytes, each another, and the standard’s own package verifies what they sign', () => {
  const secret = newSecret()
  assert.match(secret, /^whsec_[A-Za-z\d+/]{43}=$/)
  assert.notEqual(newSecret(), secret)
  const body = '{"blåbær":"✓"}'
  const headers = signatureHeaders({ id: 'id', body, secrets: [secret], now: Date.now() })
  assert.deepEqual(new Webhook(secret).verify(body, headers), { blåbær: '✓' })
  assert.throws(() => new Webhook(secret).verify(`${body} `, headers), /No matching signature/)
  assert.throws(() => new Webhook(newSecret()).verify(body, headers), /No matching signature/)
})

test('during a rotation both secrets sign, and a holder of either is content', () => {
  const secrets = [newSecret(), newSecret()]
  const headers = signatureHeaders({ id: 'id', body: '{}', secrets, now: Date.now() })
  assert.match(headers['webhook-signature'] ?? '', /^v1,\S{44} v1,\S{44}$/)
  for (const secret of secrets) assert.deepEqual(new Webhook(secret).verify('{}', headers), {})
})

test('the request is the event as it is; Slack gets it as text', () => {
  const event = { id: '1', data: { a: 'æ"' } }
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'app-events',
    traceparent: '00-1-2-01',
  }
  for (const url of ['https://example.no/hooks.slack.com', 'https://hooks.slack.com.example.no'])
    assert.deepEqual(webhookRequest(url, event, '00-1-2-01'), {
      body: JSON.stringify(event),
      headers,
    })
  const slack = webhookRequest('https://HOOKS.slack.com/services/T/B', event, '00-1-2-01')
  assert.deepEqual(JSON.parse(JSON.parse(slack.body).text), event)
  assert.deepEqual(Object.keys(JSON.parse(slack.body)), ['text'])
})

test('the receiver checks signatures once it has the secret, and answers validation whatever it does', async (t) => {
  const there = await receiver(t)
  const posts = createWebhookClient({ timeoutMs: 5000, allowed: loopback, lookup: toHere })
  t.after(() => posts.close())
  const secret = newSecret()
  const send = (event: object) => {
    const { body, headers } = webhookRequest(there.url, event, '00-1-2-01')
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
  assert.equal((await there.waitFor(({ event }) => event?.id === 'right')).verified, true)
  await assert.rejects(
    there.waitFor(() => false, 0.05),
    /no such delivery/,
  )
})
