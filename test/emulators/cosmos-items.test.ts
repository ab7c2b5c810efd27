import assert from 'node:assert/strict'
import { before, test } from 'node:test'

before(useDatabase())
import { bulkPath } from '../../local/emulators/cosmos-request.ts'
import {
  endpoint,
  events,
  subscriptions,
  event,
  outcome,
  itemOf,
  ifMatch,
  partitionKey,
  statusOf,
  useDatabase,
} from './cosmos-fixture.ts'

test('supports every operation on a hierarchical key', async () => {
  const first = event({ n: 1 })
  assert.equal(await outcome(events.items.create(first)), '201')
  assert.equal(await outcome(itemOf(first).read()), '200')
  assert.equal(await outcome(itemOf(first).replace({ ...first, n: 2 })), '200')
  assert.equal(await outcome(events.items.upsert({ ...first, n: 3 })), '200')
  assert.equal(await outcome(events.items.upsert(event())), '201')
  assert.equal(await outcome(itemOf(first).patch([{ op: 'set', path: '/m', value: 1 }])), '200')
  const { resource } = await itemOf(first).read<{ n: number; m: number }>()
  assert.deepEqual([resource?.n, resource?.m], [3, 1])
  assert.equal(await outcome(itemOf(first).delete()), '204')
  assert.equal(await outcome(itemOf(first).read()), '404')
})

test('an id is unique per full key', async () => {
  const first = event()
  await events.items.create(first)
  assert.equal(await outcome(events.items.create(first)), '409')
  const elsewhere = { ...first, subject: '/party/2' }
  assert.equal(await outcome(events.items.create(elsewhere)), '201')
  assert.equal(await outcome(itemOf(first).delete()), '204')
  assert.equal(await outcome(itemOf(elsewhere).read()), '200')
})

test('finds nothing with the wrong second part of a key', async () => {
  const item = event()
  await events.items.create(item)
  const wrong = events.item(item.id, [item.resource, '/party/3'])
  assert.equal(await outcome(wrong.read()), '404')
  assert.equal(await outcome(wrong.patch([{ op: 'set', path: '/n', value: 1 }])), '404')
  assert.equal(await outcome(wrong.delete()), '404')
  assert.equal(await outcome(wrong.replace({ ...item, subject: '/party/3' })), '404')
  assert.equal(await outcome(itemOf(item).read()), '200')
})

test('rejects a request without a partition key', async () => {
  const item = event()
  await events.items.create(item)
  const [all, one] = ['/dbs/events/colls/events/docs', `/dbs/events/colls/events/docs/${item.id}`]
  assert.equal(await statusOf(all, { method: 'POST', body: event() }), '400')
  assert.equal(await statusOf(one, {}), '400')
  assert.equal(await statusOf(one, { method: 'PUT', body: item }), '400')
  assert.equal(await statusOf(one, { method: 'DELETE' }), '400')
  assert.equal(await statusOf(one, { headers: partitionKey(item.resource, item.subject) }), '200')
})

test('rejects a partition key with too few, too many or malformed parts', async () => {
  const item = event()
  await events.items.create(item)
  assert.equal(await outcome(events.item(item.id, [item.resource]).read()), '400/1001')
  const path = `/dbs/events/colls/events/docs/${item.id}`
  const tooLong = partitionKey(item.resource, item.subject, 'more')
  assert.equal(await statusOf(path, { headers: tooLong }), '400/1001')
  const malformed = { 'x-ms-documentdb-partitionkey': 'urn' }
  assert.equal(await statusOf(path, { headers: malformed }), '400/1001')
})

test("a partition key that is not the item's own, in its order, is refused", async () => {
  const item = event()
  await events.items.create(item)
  const path = '/dbs/events/colls/events/docs'
  const create = (...key: unknown[]) =>
    statusOf(path, { method: 'POST', body: event(), headers: partitionKey(...key) })
  const { resource, subject } = item
  assert.equal(await create(resource, subject), '201')
  assert.equal(await create(subject, resource), '400/1001')
  assert.equal(await create(resource, '/party/9'), '400/1001')
  assert.equal(await create(resource, null), '400/1001')
  const none = (...key: unknown[]) =>
    statusOf(path, {
      method: 'POST',
      body: { id: 'none', resource },
      headers: partitionKey(...key),
    })
  assert.equal(await none(resource, null), '400/1001')
  assert.equal(await none(resource, {}), '201', 'a value that is not there')
  const other = { ...item, subject: '/party/9' }
  assert.equal(await outcome(itemOf(item).replace(other)), '400/1001')
  const upsert = { 'x-ms-documentdb-is-upsert': 'true', ...partitionKey(resource, subject) }
  assert.equal(await statusOf(path, { method: 'POST', body: other, headers: upsert }), '400/1001')
})

test('rejects a change of the key or the id of an item', async () => {
  const item = event({ n: 1 })
  await events.items.create(item)
  for (const path of ['/resource', '/subject', '/id']) {
    assert.equal(await outcome(itemOf(item).patch([{ op: 'set', path, value: 'x' }])), '400', path)
  }
  const toItself = { op: 'set' as const, path: '/subject', value: item.subject }
  assert.equal(await outcome(itemOf(item).patch([toItself])), '400')
  const move = { method: 'PATCH', body: [{ op: 'move', from: '/subject', path: '/n' }] }
  const headers = partitionKey(item.resource, item.subject)
  const path = `/dbs/events/colls/events/docs/${item.id}`
  assert.equal(await statusOf(path, { ...move, headers }), '400')
  assert.equal(await outcome(itemOf(item).replace({ ...item, id: 'other' })), '400')
})

test('patch, replace and delete honour If-Match', async () => {
  const item = event()
  const { etag } = await events.items.create(item)
  const patch = [{ op: 'set' as const, path: '/n', value: 1 }]
  assert.equal(await outcome(itemOf(item).patch(patch, ifMatch())), '412')
  assert.equal(await outcome(itemOf(item).replace(item, ifMatch())), '412')
  assert.equal(await outcome(itemOf(item).delete(ifMatch())), '412')
  const patched = await itemOf(item).patch(patch, ifMatch(etag))
  assert.equal(patched.statusCode, 200)
  assert.equal(await outcome(itemOf(item).patch(patch, ifMatch(etag))), '412')
  assert.equal(await outcome(itemOf(item).delete(ifMatch(patched.etag))), '204')
})

test('an incr patch returns a distinct number to every caller', async () => {
  await subscriptions.items.create({ id: 'counter', consumer: 'counter', next: 0 })
  const increment = async () => {
    const counter = subscriptions.item('counter', 'counter')
    const patched = await counter.patch<{ next: number }>([{ op: 'incr', path: '/next', value: 1 }])
    return patched.resource?.next ?? 0
  }
  const numbers = await Promise.all(Array.from({ length: 20 }, increment))
  const expected = Array.from({ length: 20 }, (_, i) => i + 1)
  assert.deepEqual(
    numbers.toSorted((a, b) => a - b),
    expected,
  )
})

test('rejects an item of more than 2 MB in UTF-8, also by a patch', async () => {
  const limit = 2 * 1024 * 1024
  const item = event({ text: '' })
  const left = limit - Buffer.byteLength(JSON.stringify(item))
  const tooLong = {
    ...item,
    text: `${'å'.repeat(Math.floor(left / 2))}${'a'.repeat((left % 2) + 1)}`,
  }
  assert.equal(await outcome(events.items.create(tooLong)), '413')
  const fits = { ...item, text: 'a'.repeat(left) }
  assert.equal(await outcome(events.items.create(fits)), '201')
  assert.equal(await outcome(itemOf(item).patch([{ op: 'add', path: '/n', value: 1 }])), '413')
  await itemOf(item).delete()
})

test('accepts ids without slashes, of at most 1,023 characters', async () => {
  const longest = 'i'.repeat(1023)
  for (const id of ['a/b', 'a\\b', `${longest}i`]) {
    const headers = partitionKey(event().resource, event().subject)
    const request = { method: 'POST', body: event({ id }), headers }
    assert.equal(await statusOf('/dbs/events/colls/events/docs', request), '400', id.slice(0, 9))
  }
  for (const id of ['blåbær 1 + 1 %', longest]) {
    const item = event({ id, subject: '/party/ø' })
    assert.equal(await outcome(events.items.create(item)), '201')
    assert.equal(await outcome(events.item(id, [item.resource, item.subject]).read()), '200')
  }
})

test('stores many items by one request, each checked as alone', async () => {
  const items = [event(), event({ n: 1 })]
  const send = (type: string, more: object[]) =>
    fetch(new URL(bulkPath, endpoint), {
      method: 'POST',
      headers: { 'content-type': type },
      body: JSON.stringify({ database: events.database.id, container: events.id, items: more }),
    })
  const store = (...more: object[]) => send('application/json', more)
  assert.equal((await store(...items)).status, 201)
  for (const item of items) assert.equal(await outcome(itemOf(item).read()), '200')
  assert.equal((await store(event(), ...items)).status, 409)
  assert.equal((await store({ ...event(), id: '' })).status, 400)
  assert.equal((await send('text/plain', [event()])).status, 415) // as a page of any site could send it
})
