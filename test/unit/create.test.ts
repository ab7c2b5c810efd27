import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { openDatabase } from '../../shared/azure/cosmos.ts'
import { createDocument } from '../../shared/azure/create.ts'

test('a container that is not there yet is waited for, like every 404 of a create', async (t) => {
  let reads = 0
  const account = createServer(({ url = '', method }, response) => {
    const here = [{ name: 'here', databaseAccountEndpoint: `http://${endpoint}/` }]
    const answer = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ id: 'a', ...body }))
    if (url === '/') answer(200, { writableLocations: here, readableLocations: here })
    else if (method === 'POST') answer(201, {})
    else if (++reads === 1) answer(404, { code: 'NotFound' })
    else answer(200, { partitionKey: { paths: ['/id'], kind: 'Hash' } })
  }).listen(0, '127.0.0.1')
  await once(account, 'listening')
  t.after(() => account.close().closeAllConnections())
  const bound = account.address()
  const endpoint = `127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`
  const connectionString = `AccountEndpoint=http://${endpoint}/;AccountKey=a2V5`
  const database = await openDatabase({ database: 'events', connectionString })
  const created = await createDocument(database.container('events'), { id: 'a' })
  assert.equal(created.outcome, 'created')
  assert.equal(reads, 2)
})
