import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { classifyCosmosError } from '../../shared/azure/cosmos-error.ts'
import { openCredential } from '../../shared/azure/identity.ts'
import { withTimeout } from '../../shared/azure/timeout.ts'

const withCode = (code: unknown) => Object.assign(new Error('of the SDK'), { code })
const kindOf = (error: unknown) => classifyCosmosError(error).kind

test('only a decision of Cosmos DB and a bug are final', () => {
  for (const code of [400, 404, 412, 413]) assert.equal(kindOf(withCode(code)), 'final')
  assert.equal(kindOf(Object.assign(withCode(404), { substatus: 1003 })), 'unclear')
  for (const error of [new TypeError('a bug'), new RangeError('a bug'), 'no error'])
    assert.equal(kindOf(error), 'final')
  const passing = [405, 408, 410, 421, 449, 500, 501, 502, 504, 'ECONNRESET', 'EPROTO', 20, 23]
  for (const code of passing) assert.equal(kindOf(withCode(code)), 'unclear', String(code))
  for (const code of [401, 403, 503, 'ECONNREFUSED', 'ENOTFOUND'])
    assert.equal(kindOf(withCode(code)), 'unreachable', String(code))
  assert.deepEqual([kindOf(withCode(409)), kindOf(withCode(429))], ['exists', 'throttled'])
})

type Answer = [status: number, body: string] | 'hang' | 'cut'
const answers: Answer[] = [
  [400, '{"error":"invalid_request"}'],
  [401, '{}'],
  [403, 'no'],
  [404, '{}'],
  [500, '{}'],
  [503, ''],
  [200, '<html>'],
  [200, '{}'],
  [200, ''],
  'hang',
  'cut',
]
let answer: Answer = 'hang'
const identity = createServer((request, response) => {
  if (answer === 'cut') request.socket.destroy()
  if (typeof answer === 'object') response.writeHead(answer[0]).end(answer[1])
}).listen(0, '127.0.0.1')
await once(identity, 'listening')
after(() => identity.close().closeAllConnections())
const bound = identity.address()
assert.ok(typeof bound === 'object' && bound !== null)
process.env['IDENTITY_ENDPOINT'] = `http://127.0.0.1:${bound.port}/msi/token`
process.env['IDENTITY_HEADER'] = 'secret'

for (const each of answers)
  test(`the failure of an identity endpoint that answers ${String(each)} is transient`, async () => {
    answer = each
    const credential = await openCredential('client')
    const error: unknown = await withTimeout(300, (abortSignal) =>
      credential.getToken('https://cosmos.azure.com/.default', { abortSignal }),
    ).catch((failure: unknown) => failure)
    assert.ok(error instanceof Error)
    assert.notEqual(kindOf(error), 'final', `${error.name}: ${error.message}`)
  })
