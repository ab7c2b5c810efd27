import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { ConsistencyLevel, CosmosClient } from '@azure/cosmos'
import { authorization, emulatorKey } from '../../local/emulators/cosmos-signature.ts'

before(useDatabase())
import {
  endpoint,
  database,
  events,
  event,
  outcome,
  itemOf,
  raw,
  partitionKey,
  statusOf,
  useDatabase,
} from './cosmos-fixture.ts'

test('rejects a request with another signature', async () => {
  const other = Buffer.from('another key').toString('base64')
  const stranger = new CosmosClient({ endpoint, key: other })
  await assert.rejects(stranger.databases.readAll().fetchAll(), { code: 401 })
  stranger.dispose()
  const date = new Date().toUTCString()
  const elsewhere = authorization({ method: 'GET', segments: ['dbs', 'other'], date })
  for (const header of ['', 'type=master', '%', 'type%3Daad%26ver%3D1.0%26sig%3Dx', elsewhere]) {
    assert.equal(await statusOf('/dbs/events', { headers: { authorization: header }, date }), '401')
  }
  const late = { 'x-ms-date': new Date(0).toUTCString() }
  assert.equal(await statusOf('/dbs/events', { headers: late }), '401')
  assert.equal(await statusOf('/dbs/events', { date }), '200')
})

test('the account returns the address that the caller used, over http', async () => {
  const { body } = await raw('/', { headers: { host: 'proxy.example:1234' } })
  const locations = [...body.writableLocations, ...body.readableLocations]
  const endpoints = locations.map((location) => location.databaseAccountEndpoint)
  assert.deepEqual(endpoints, ['http://proxy.example:1234/', 'http://proxy.example:1234/'])
  assert.notEqual(body.id, 'localhost', 'the SDK ignores the locations of an account of this name')
})

test('session tokens grow with the writes, and a future one is not available', async () => {
  const lsn = (headers: Record<string, unknown>) =>
    Number(/^0:-1#(\d+)$/.exec(String(headers['x-ms-session-token']))?.[1])
  const item = event()
  const created = await events.items.create(item)
  const patched = await itemOf(item).patch([{ op: 'set', path: '/n', value: 1 }])
  const read = await itemOf(item).read()
  assert.ok(lsn(patched.headers) > lsn(created.headers))
  assert.equal(lsn(read.headers), lsn(patched.headers))
  const removed = await itemOf(item).delete()
  assert.ok(lsn(removed.headers) > lsn(read.headers))

  await events.items.create(item)
  const path = `/dbs/events/colls/events/docs/${item.id}`
  const key = partitionKey(item.resource, item.subject)
  const readWith = (token: string) =>
    statusOf(path, { headers: { ...key, 'x-ms-session-token': token } })
  assert.equal(await readWith(`0:-1#${lsn(removed.headers)}`), '200')
  assert.equal(await readWith(`0:-1#${lsn(removed.headers) + 2}`), '404/1002')
})

test('a client with session consistency reads its own writes', async () => {
  const consistencyLevel = ConsistencyLevel.Session
  const own = new CosmosClient({ endpoint, key: emulatorKey, consistencyLevel })
  const container = own.database(database.id).container('events')
  const item = event()
  const created = await container.items.create(item)
  assert.equal(await outcome(container.item(item.id, [item.resource, item.subject]).read()), '200')
  const fileUnder = String(created.headers['x-ms-content-path'])
  assert.equal(Buffer.from(fileUnder, 'base64').length, 8, 'what the SDK files the token under')
  own.dispose()
})

test('rejects what it does not support', async () => {
  const path = '/dbs/events/colls/events/docs'
  const key: [string, string] = ['r', 's']
  const batch = events.items.batch([{ operationType: 'Create', resourceBody: event() }], key)
  await assert.rejects(batch, /not supported by the local emulator/)
  const feed = { 'A-IM': 'Incremental feed' }
  assert.equal(await statusOf(path, { headers: feed }), '400')
  const item = event()
  await events.items.create(item)
  const conditional = itemOf(item).patch({
    condition: 'from c where c.n = 1',
    operations: [{ op: 'set', path: '/n', value: 2 }],
  })
  await assert.rejects(conditional, /not supported by the local emulator/)
})

test('rejects a container that Azure would reject', async () => {
  const create = (definition: object) => {
    const body = { id: 'wrong', partitionKey: { paths: ['/k'] }, ...definition }
    return statusOf('/dbs/events/colls', { method: 'POST', body })
  }
  const wrong: object[] = [
    { partitionKey: undefined },
    { partitionKey: { paths: [] } },
    { partitionKey: { paths: ['/a', '/b'], kind: 'Hash', version: 2 } },
    { partitionKey: { paths: ['/a', '/b', '/c', '/d'], kind: 'MultiHash', version: 2 } },
    { defaultTtl: 0 },
    { defaultTtl: 60, indexingPolicy: { indexingMode: 'none' } },
    { indexingPolicy: { includedPaths: [{ path: '/a/?' }] } },
    { indexingPolicy: { includedPaths: [{ path: '/*' }, { path: '/a' }] } },
  ]
  for (const definition of wrong) {
    assert.equal(await create(definition), '400', JSON.stringify(definition))
  }
  assert.equal(await create({ defaultTtl: 60 }), '201')
})

test('finds no items of a container that does not exist', async () => {
  const request = { method: 'POST', body: event(), headers: partitionKey('r', 's') }
  assert.equal(await statusOf('/dbs/events/colls/none/docs', request), '404')
  assert.equal(await statusOf('/dbs/none/colls/none/docs', request), '404')
  assert.equal(await outcome(database.container('none').item('1', 'k').read()), '404')
})
