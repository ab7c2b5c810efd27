// Not with the unit tests, though it starts no app: the SDK keeps the first identity endpoint of a process, and one of them has another.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseQueueConnection } from '../../shared/azure/queue-connection.ts'
import { openQueueService } from '../../shared/azure/queue-service.ts'
import { openQueue } from '../../shared/azure/queue.ts'
import { startManagedIdentity } from '../support/managed-identity.ts'

const KEY = Buffer.from('a key of the account')
const received: { request: IncomingMessage; body: string }[] = []
let status = 201
const server = createServer((request, response) => {
  void text(request).then((body) => {
    received.push({ request, body })
    response.writeHead(status, { 'x-ms-error-code': 'TheCode' }).end('<Page/>')
  })
})
let place: string
let withKey: string
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  place = `http://127.0.0.1:${Object(server.address()).port}/acc`
  withKey = `AccountName=acc;AccountKey=${KEY.toString('base64')};QueueEndpoint=${place}/`
})
after(() => server.close().closeAllConnections())

const queueOf = async (connectionString: string) =>
  openQueue(await openQueueService({ connectionString }), 'events-inbound')

test('a message is sent for ever, in base64, signed with the key of the account', async () => {
  await (await queueOf(withKey)).send({ id: 'æ' }, 1.2)
  const { request, body } = received.pop() ?? assert.fail('nothing was sent')
  assert.equal(request.method, 'POST')
  assert.equal(request.url, '/acc/events-inbound/messages?visibilitytimeout=2&messagettl=-1')
  const [, message = ''] = /<MessageText>(.*)<\/MessageText>/.exec(body) ?? []
  assert.deepEqual(JSON.parse(Buffer.from(message, 'base64').toString()), { id: 'æ' })
  const date = request.headers['x-ms-date']
  const version = request.headers['x-ms-version']
  const signed = `POST\n\napplication/xml\n\nx-ms-date:${String(date)}\nx-ms-version:${String(version)}\n/acc/acc/events-inbound/messages`
  const signature = createHmac('sha256', KEY).update(signed).digest('base64')
  assert.equal(request.headers['authorization'], `SharedKeyLite acc:${signature}`)
})

test('a shared access signature goes with every request, and nothing is signed', async () => {
  const queue = await queueOf(`QueueEndpoint=${place};SharedAccessSignature=?sv=1&sig=a%2Bb%3D`)
  await queue.probe()
  const { request } = received.pop() ?? assert.fail('nothing was asked')
  assert.equal(request.url, '/acc/events-inbound?comp=metadata&sv=1&sig=a%2Bb%3D')
  assert.equal(request.headers['authorization'], undefined)
})

test('an identity sends the token that its host gives for storage, over TLS alone', async () => {
  const read = (name: string) =>
    readFileSync(path.join(import.meta.dirname, '../support/certificates', name), 'utf8')
  const [key, cert] = [read('store.test-key.pem'), read('store.certificate.pem')]
  setDefaultCACertificates([...getCACertificates(), cert])
  const identity = await startManagedIdentity('AccountEndpoint=http://127.0.0.1:1/;')
  Object.assign(process.env, identity.settings)
  const tls = createTlsServer({ key, cert }, (request, response) => {
    received.push({ request, body: '' })
    response.writeHead(201).end()
  }).listen(0, '127.0.0.1')
  await once(tls, 'listening')
  after(async () => {
    tls.close().closeAllConnections()
    await identity.stop()
  })

  const clientId = identity.settings.Cosmos__clientId
  const endpoint = `https://127.0.0.1:${Object(tls.address()).port}/`
  await openQueue(await openQueueService({ endpoint, clientId }), 'replays').send({})
  const { request } = received.pop() ?? assert.fail('nothing was sent')
  assert.equal(request.url, '/replays/messages?visibilitytimeout=0&messagettl=-1')
  assert.equal(request.headers['authorization'], 'Bearer the-token-of-the-identity')
  assert.match(String(identity.asked), /resource=https%3A%2F%2Fstorage\.azure\.com/)
  const open = openQueue(await openQueueService({ endpoint: place, clientId }), 'replays')
  await assert.rejects(open.send({}), /not permitted for non-TLS/)
})

test('an answer that is no success fails, with its status, code and queue; one try', async () => {
  const queue = await queueOf(withKey)
  for (status of [404, 403, 503, 302]) {
    await assert.rejects(queue.push({}), {
      statusCode: status,
      code: 'TheCode',
      message: `events-inbound/messages answered ${status}, TheCode`,
    })
    assert.equal(received.splice(0).length, 1)
  }
  status = 404
  await assert.rejects(queue.probe(), /^Error: events-inbound is missing$/)
  status = 201
})

test('connection strings name the place as Azure writes them', () => {
  const places = [
    ['AccountName=a;AccountKey=eA==', 'https://a.queue.core.windows.net'],
    [
      'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=eA==;EndpointSuffix=b.no',
      'http://a.queue.b.no',
    ],
    ['UseDevelopmentStorage=true', 'http://127.0.0.1:10001/devstoreaccount1'],
    ['QueueEndpoint=https://c.no/;SharedAccessSignature=sig=x', 'https://c.no'],
  ]
  for (const [string = '', endpoint] of places)
    assert.equal(parseQueueConnection(string).endpoint, endpoint)
  const { account } = parseQueueConnection('AccountName=a;AccountKey=eHg9eA==;')
  assert.deepEqual(account, { name: 'a', key: Buffer.from('xx=x') })
  assert.throws(() => parseQueueConnection('SharedAccessSignature=sig=x'), /names no account/)
})
