import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ConsistencyLevel,
  CosmosClient,
  PartitionKeyDefinitionVersion,
  PartitionKeyKind,
  type Container,
  type ContainerRequest,
  type Database,
  type FeedOptions,
  type JSONValue,
} from '@azure/cosmos'
import { authorization, emulatorKey } from '../../local/emulators/cosmos-signature.ts'
import { startEmulators, type Emulators } from '../../local/emulators/emulators.ts'
import { isIndexed } from '../../local/emulators/indexing-policy.ts'
import { isExpired } from '../../local/emulators/item-limits.ts'
import { requestCharge } from '../../local/emulators/request-charge.ts'

const days = 24 * 60 * 60
const hierarchical = (...paths: string[]) => ({
  paths,
  kind: PartitionKeyKind.MultiHash,
  version: PartitionKeyDefinitionVersion.V2,
})
const only = (paths: string[], ...composites: string[][]) => ({
  includedPaths: paths.map((path) => ({ path })),
  excludedPaths: [{ path: '/*' }],
  compositeIndexes: composites.map((each) =>
    each.map((path) => ({ path, order: 'ascending' as const })),
  ),
})

/** The containers of the product, as its design has them. */
const definitions: ContainerRequest[] = [
  {
    id: 'events',
    partitionKey: hierarchical('/resource', '/subject'),
    defaultTtl: 90 * days,
    indexingPolicy: only(
      ['/pending/?'],
      ['/resource', '/id'],
      ['/subject', '/id'],
      ['/alternative', '/id'],
    ),
  },
  { id: 'requests', partitionKey: '/id', defaultTtl: 2 * days, indexingPolicy: only([]) },
  {
    id: 'subscriptions',
    partitionKey: '/consumer',
    defaultTtl: -1,
    indexingPolicy: only(['/number/?', '/_ts/?']),
  },
  {
    id: 'deliveries',
    partitionKey: hierarchical('/subscription', '/id'),
    defaultTtl: 90 * days,
    indexingPolicy: only(['/due/?'], ['/subscription', '/state', '/id']),
  },
]

let emulators: Emulators
let client: CosmosClient
let database: Database
let events: Container
let deliveries: Container
let subscriptions: Container
let expiring: Promise<unknown>

before(async () => {
  emulators = await startEmulators()
  client = new CosmosClient(emulators.cosmos)
  database = (await client.databases.create({ id: 'events' })).database
  for (const definition of definitions) await database.containers.create(definition)
  events = database.container('events')
  deliveries = database.container('deliveries')
  subscriptions = database.container('subscriptions')
  expiring = subscriptions.items.create({
    id: 'tombstone',
    consumer: 'expiring',
    ttl: 1,
    number: 1,
  })
})

after(async () => {
  client?.dispose()
  await emulators?.stop()
})

let made = 0
const event = (more: object = {}) => ({
  id: `event-${String(made++).padStart(6, '0')}`,
  resource: 'urn:altinn:resource:app_ttd_apps-test',
  subject: '/party/1',
  ...more,
})

/** What an operation came to, as `409` or `400/1001`. */
async function outcome(operation: Promise<{ statusCode?: number }>): Promise<string> {
  try {
    return String((await operation).statusCode)
  } catch (error) {
    const { code, substatus } = Object(error)
    if (code === undefined) throw error
    return substatus === undefined || substatus === 0 ? String(code) : `${code}/${substatus}`
  }
}

const itemOf = ({ id, resource, subject }: ReturnType<typeof event>) =>
  events.item(id, [resource, subject])
const ifMatch = (condition = '"stale"') => ({
  accessCondition: { type: 'IfMatch', condition },
})

interface Raw {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  date?: string
}

/** A request that the SDK would not send; signed, unless it brings its own authorization. */
async function raw(path: string, { method = 'GET', body, headers = {}, date }: Raw = {}) {
  const segments = path.split('/').filter(Boolean)
  const signed = { method, segments, date: date ?? new Date().toUTCString() }
  const url = `http://127.0.0.1:${emulators.ports.cosmos}${path}`
  const call = httpRequest(url, {
    method,
    headers: { authorization: authorization(signed), 'x-ms-date': signed.date, ...headers },
  })
  call.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = await once(call, 'response')
  const answer = JSON.parse((await text(response)) || '{}')
  const substatus = String(response.headers['x-ms-substatus'] ?? 0)
  return { status: Number(response.statusCode), substatus, headers: response.headers, body: answer }
}

const partitionKey = (...values: unknown[]) => ({
  'x-ms-documentdb-partitionkey': JSON.stringify(values),
})
const statusOf = async (path: string, request: Raw) => {
  const { status, substatus } = await raw(path, request)
  return substatus === '0' ? String(status) : `${status}/${substatus}`
}

async function query(
  container: Container,
  sql: string,
  parameters: Record<string, JSONValue> = {},
  options?: FeedOptions,
) {
  const named = Object.entries(parameters).map(([name, value]) => ({ name: `@${name}`, value }))
  const found = container.items.query<unknown>({ query: sql, parameters: named }, options)
  return (await found.fetchAll()).resources
}

test('every operation works on a hierarchical key', async () => {
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

test('an id is unique per full key, and only there', async () => {
  const first = event()
  await events.items.create(first)
  assert.equal(await outcome(events.items.create(first)), '409')
  const elsewhere = { ...first, subject: '/party/2' }
  assert.equal(await outcome(events.items.create(elsewhere)), '201')
  assert.equal(await outcome(itemOf(first).delete()), '204')
  assert.equal(await outcome(itemOf(elsewhere).read()), '200')
})

test('the wrong second part of a key finds nothing', async () => {
  const item = event()
  await events.items.create(item)
  const wrong = events.item(item.id, [item.resource, '/party/3'])
  assert.equal(await outcome(wrong.read()), '404')
  assert.equal(await outcome(wrong.patch([{ op: 'set', path: '/n', value: 1 }])), '404')
  assert.equal(await outcome(wrong.delete()), '404')
  assert.equal(await outcome(wrong.replace({ ...item, subject: '/party/3' })), '404')
  assert.equal(await outcome(itemOf(item).read()), '200')
})

test('a request without a partition key is refused', async () => {
  const item = event()
  await events.items.create(item)
  const [all, one] = ['/dbs/events/colls/events/docs', `/dbs/events/colls/events/docs/${item.id}`]
  assert.equal(await statusOf(all, { method: 'POST', body: event() }), '400')
  assert.equal(await statusOf(one, {}), '400')
  assert.equal(await statusOf(one, { method: 'PUT', body: item }), '400')
  assert.equal(await statusOf(one, { method: 'DELETE' }), '400')
  assert.equal(await statusOf(one, { headers: partitionKey(item.resource, item.subject) }), '200')
})

test('a partition key with too few, too many or malformed parts is refused', async () => {
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

test('neither the key nor the id of an item can change', async () => {
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

test('If-Match is obeyed by patch, replace and delete', async () => {
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

test('an incr patch gives every caller a number of its own', async () => {
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

test('an item of more than 2 MB is refused, in UTF-8, by a patch too', async () => {
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

test('a ttl is a positive number of whole seconds, or -1', async () => {
  for (const ttl of [0, 1.5, -2, '60', null, 2 ** 31]) {
    assert.equal(await outcome(events.items.create(event({ ttl }))), '400', String(ttl))
  }
  const item = event({ ttl: -1 })
  assert.equal(await outcome(events.items.create(item)), '201')
  const set = (value: number) => itemOf(item).patch([{ op: 'set', path: '/ttl', value }])
  assert.equal(await outcome(set(0)), '400')
  assert.equal(await outcome(set(2 ** 31 - 1)), '200')
})

test('an id is text without slashes, of at most 1,023 characters', async () => {
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

test('an item is gone when its ttl has passed, and its id is free again', async () => {
  await expiring
  const tombstone = subscriptions.item('tombstone', 'expiring')
  const live = "SELECT VALUE COUNT(1) FROM c WHERE c.consumer = 'expiring'"
  for (let tries = 0; tries < 30 && (await tombstone.read()).statusCode === 200; tries++) {
    await sleep(100)
  }
  assert.equal(await outcome(tombstone.read()), '404')
  assert.deepEqual(await query(subscriptions, live), [0])
  assert.equal(await outcome(tombstone.patch([{ op: 'set', path: '/n', value: 1 }])), '404')
  const again = { id: 'tombstone', consumer: 'expiring' }
  assert.equal(await outcome(subscriptions.items.create(again)), '201')
  assert.deepEqual(await query(subscriptions, live), [1])
})

test("an item's ttl goes before its container's, and counts only if that has one", () => {
  const [written, now] = [1000, 1_010_000]
  const cases: [ttl: number | undefined, defaultTtl: number | undefined, expired: boolean][] = [
    [undefined, undefined, false],
    [5, undefined, false],
    [5, -1, true],
    [10, -1, false],
    [-1, 5, false],
    [undefined, 5, true],
    [undefined, -1, false],
    [60, 5, false],
  ]
  for (const [ttl, defaultTtl, expired] of cases) {
    const item = { _ts: written, ...(ttl === undefined ? {} : { ttl }) }
    assert.equal(isExpired(item, defaultTtl, now), expired, `${ttl} in ${defaultTtl}`)
  }
})

/** Ten events and ten deliveries under keys of their own, and what is asked about them. */
async function listed(name: string) {
  const ids = Array.from({ length: 10 }, (_, i) => `${name}-${i}`)
  for (const [i, id] of ids.entries()) {
    const subject = `/party/${name}/${i % 2}`
    const alternative = `/person/${i % 2}`
    await events.items.create({ id, resource: name, subject, alternative, pending: i })
    await deliveries.items.create({ id, subscription: name, state: 'waiting', due: i, list: [i] })
  }
  return { ids, r: name, s: `/party/${name}/0`, now: 3, after: ids[4] ?? '' }
}

test('the queries that the indexes serve are answered', async () => {
  const { ids, ...given } = await listed('served')
  const idsOf = (...places: number[]) => places.map((place) => ids[place])
  const cases: [container: Container, sql: string, expected: unknown[]][] = [
    [
      events,
      `SELECT TOP 3 VALUE c.id FROM c WHERE c.resource = @r AND c.id > @after
       ORDER BY c.resource, c.id`,
      idsOf(5, 6, 7),
    ],
    [events, 'SELECT VALUE c.id FROM c WHERE c.resource = @r AND c.id > @after', ids.slice(5)],
    [
      events,
      `SELECT TOP 2 VALUE c.id FROM c WHERE c.resource = @r AND c.id < @after
       ORDER BY c.resource DESC, c.id DESC`,
      idsOf(3, 2),
    ],
    [
      events,
      'SELECT VALUE c.id FROM c WHERE c.subject = @s ORDER BY c.subject, c.id',
      idsOf(0, 2, 4, 6, 8),
    ],
    [
      events,
      `SELECT VALUE c.id FROM c WHERE c.resource = @r AND c.alternative = '/person/1' AND c.id > @after
       ORDER BY c.alternative, c.id`,
      idsOf(5, 7, 9),
    ],
    [
      events,
      'SELECT VALUE c.id FROM c WHERE c.resource = @r AND c.pending <= @now ORDER BY c.pending',
      idsOf(0, 1, 2, 3),
    ],
    [events, 'SELECT VALUE MIN(c.id) FROM c WHERE c.pending > 0 AND c.resource = @r', [ids[1]]],
    [events, 'SELECT VALUE MIN(c.id) FROM c WHERE c.pending > 1000', []],
    [
      events,
      'SELECT VALUE COUNT(1) FROM c WHERE c.resource = @r AND c.subject = @s AND IS_DEFINED(c.pending)',
      [5],
    ],
    [events, "SELECT VALUE c.id FROM c WHERE c.id IN ('served-1', 'served-2')", idsOf(1, 2)],
    [events, "SELECT VALUE c.id FROM c WHERE 'served-1' = c.id OR c.id = 'served-9'", idsOf(1, 9)],
    [events, 'SELECT VALUE c.id FROM c WHERE c.resource = @r AND @now > c.pending', idsOf(0, 1, 2)],
    [events, 'SELECT VALUE e.id FROM e WHERE e.resource = @r AND e["pending"] >= 8', idsOf(8, 9)],
    [
      deliveries,
      `SELECT TOP 2 VALUE c.id FROM c WHERE c.subscription = @r AND c.state = 'waiting' AND c.id > @after
       ORDER BY c.subscription, c.state, c.id`,
      idsOf(5, 6),
    ],
    [
      deliveries,
      'SELECT VALUE c.id FROM c WHERE c.subscription IN (@r) AND c.due BETWEEN 2 AND 3',
      idsOf(2, 3),
    ],
    [subscriptions, 'SELECT VALUE c.id FROM c WHERE c._ts >= 1 AND c.number = -1', []],
  ]
  for (const [container, sql, expected] of cases) {
    assert.deepEqual(await query(container, sql, given), expected, sql)
  }
})

test('a query that no index serves is refused, with the path and the container', async () => {
  const given = { r: 'r', s: 's', now: 1, after: 'a' }
  const requests = database.container('requests')
  const cases: [container: Container, sql: string, path: string][] = [
    [events, 'SELECT * FROM c WHERE c.event.type = @s', '/event/type'],
    [events, 'SELECT * FROM c WHERE IS_DEFINED(c.fanOut)', '/fanOut'],
    [events, 'SELECT * FROM c WHERE c.pending > 0 AND NOT IS_DEFINED(c.fanOut)', '/fanOut'],
    [events, 'SELECT * FROM c WHERE c.pending > 0 OR c.fanOut > 0', '/fanOut'],
    [events, 'SELECT * FROM c WHERE c.id > @after', '/id'],
    [
      events,
      'SELECT * FROM c WHERE c.resource = @r AND c.id > @s AND (c.id < @after OR c.pending > 0)',
      '/id',
    ],
    [events, 'SELECT * FROM c WHERE c.id > @after AND c.resource > @r', '/id'],
    [events, "SELECT * FROM c WHERE NOT (c.id = 'x')", '/id'],
    [events, 'SELECT * FROM c WHERE c.subject = @s', '/subject'],
    [events, 'SELECT * FROM c WHERE c.resource = @r OR c.pending = 1', '/resource'],
    [events, 'SELECT * FROM c WHERE c.alternative = @s', '/alternative'],
    [events, 'SELECT * FROM c WHERE c._ts > @now', '/_ts'],
    [events, 'SELECT * FROM c WHERE c.pending > 0 AND c.id = c.subject', '/id'],
    [events, "SELECT * FROM c WHERE STARTSWITH(c.alternative, '/p')", '/alternative'],
    [events, 'SELECT * FROM c JOIN t IN c.tags WHERE t.name = @s', '/tags/[]/name'],
    [
      events,
      'SELECT * FROM c WHERE EXISTS(SELECT VALUE t FROM t IN c.tags WHERE t = @s)',
      '/tags/[]',
    ],
    [events, 'SELECT * FROM c WHERE c.resource = @r ORDER BY c.id', '/id'],
    [events, 'SELECT * FROM c ORDER BY c._ts', '/_ts'],
    [events, 'SELECT * FROM c ORDER BY c.id, c.resource', '/id, /resource'],
    [events, 'SELECT * FROM c ORDER BY c.resource, c.id, c.pending', '/resource, /id, /pending'],
    [events, 'SELECT * FROM c ORDER BY c.resource ASC, c.id DESC', '/resource, /id'],
    [deliveries, 'SELECT * FROM c ORDER BY c.subscription, c.state', '/subscription, /state'],
    [deliveries, "SELECT * FROM c WHERE c.subscription = @r AND c.state = 'dead'", '/state'],
    [deliveries, "SELECT * FROM c WHERE c.state = 'dead' AND c.due > 0", '/state'],
    [subscriptions, 'SELECT * FROM c WHERE c.consumer > @s', '/consumer'],
    [subscriptions, 'SELECT * FROM c WHERE c.number > 0 ORDER BY c.consumer', '/consumer'],
    [requests, 'SELECT * FROM c WHERE c.hash = @s', '/hash'],
  ]
  for (const [container, sql, path] of cases) {
    const place = `${path} in container '${container.id}'`
    const refusal = (error: { code: number; message: string }) =>
      error.code === 400 &&
      new RegExp(`^(The filter on|ORDER BY) ${place.replace('[]', '\\[\\]')}`).test(error.message)
    await assert.rejects(query(container, sql, given), refusal, sql)
  }
})

test('a container made without an indexing policy has everything indexed but pairs', async () => {
  const { container } = await database.containers.create({ id: 'default', partitionKey: '/k' })
  await container.items.create({ id: '1', k: 'k', a: { b: ['x', 'y'] } })
  assert.deepEqual(await query(container, "SELECT VALUE c.id FROM c WHERE c.a.b[1] = 'y'"), ['1'])
  assert.deepEqual(await query(container, 'SELECT VALUE c.id FROM c ORDER BY c._ts'), ['1'])
  await assert.rejects(query(container, 'SELECT * FROM c ORDER BY c.k, c.id'), { code: 400 })
  await assert.rejects(query(container, "SELECT * FROM c WHERE c._etag = 'x'"), { code: 400 })
})

test('the more precise of two index paths decides', () => {
  const policy = {
    includedPaths: [
      { path: '/*' },
      { path: '/a/b/?' },
      { path: '/c/*' },
      { path: '/"e-f"/[]/?' },
      { path: '/h/*' },
    ],
    excludedPaths: [
      { path: '/a/*' },
      { path: '/c/d/*' },
      { path: '/e-f/*' },
      { path: '/g/?' },
      { path: '/h/?' },
    ],
  }
  const expected = {
    '/x/y': true,
    '/a': false,
    '/a/c': false,
    '/a/b': true,
    '/a/b/c': false,
    '/c': true,
    '/c/d/e': false,
    '/e-f/[]': true,
    '/e-f': false,
    '/g': false,
    '/g/h': true,
    '/h': false,
    '/h/i': true,
  }
  for (const [path, indexed] of Object.entries(expected)) {
    assert.equal(isIndexed(policy, path), indexed, path)
    assert.equal(isIndexed({ ...policy, indexingMode: 'none' }, path), false, path)
  }
})

test('a query runs in the partition, or the part of one, that it names', async () => {
  const { r, s } = await listed('prefix')
  const count = (key: string[], sql = 'SELECT VALUE COUNT(1) FROM c') =>
    query(events, sql, {}, { partitionKey: key })
  assert.deepEqual(await count([r, s]), [5])
  assert.deepEqual(await count([r]), [10])
  assert.deepEqual(await count([r, '/party/none']), [0])
  const sql = `SELECT VALUE COUNT(1) FROM c WHERE c.subject = '${s}'`
  assert.deepEqual(await count([r], sql), [5], 'its second level is then a filter on the partition')
  const { body } = await raw('/dbs/events/colls/events/docs', { headers: partitionKey(r, s) })
  assert.equal(body.Documents.length, 5, 'to read all items without a query is the same')
  await assert.rejects(count([r, s, 'more']), { code: 400, substatus: 1001 })
})

test('a page has 100 items unless the query says, and the pages hold everything once', async () => {
  const create = (_: unknown, i: number) =>
    events.items.create(event({ id: `page-${1000 + i}`, resource: 'pages' }))
  await Promise.all(Array.from({ length: 230 }, create))
  const sql = "SELECT VALUE c.id FROM c WHERE c.resource = 'pages' ORDER BY c.resource, c.id"
  const pagesOf = async (options: FeedOptions) => {
    const pages: string[][] = []
    const found = events.items.query<string>(sql, options)
    while (found.hasMoreResults()) pages.push((await found.fetchNext()).resources ?? [])
    return pages
  }
  const pages = await pagesOf({})
  assert.deepEqual(
    pages.map((page) => page.length),
    [100, 100, 30],
  )
  const all = pages.flat()
  assert.deepEqual(all, [...new Set(all)].toSorted())
  assert.deepEqual((await pagesOf({ maxItemCount: 60 })).flat(), all)
  assert.deepEqual(
    await query(events, "SELECT VALUE COUNT(1) FROM c WHERE c.resource = 'pages'"),
    [230],
  )
})

test('a query that the emulator cannot parse is refused', async () => {
  for (const sql of [
    'SELECT',
    'SELECT * FROM c GROUP BY c.id',
    'SELECT * FROM c OFFSET 1 LIMIT 1',
  ]) {
    await assert.rejects(query(events, sql), { code: 400 }, sql)
  }
})

test('a request that the key has not signed is refused', async () => {
  const other = Buffer.from('another key').toString('base64')
  const stranger = new CosmosClient({ endpoint: await endpoint(), key: other })
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

const endpoint = async () => `http://127.0.0.1:${emulators.ports.cosmos}/`

test('the account says that it is where the caller found it, over http', async () => {
  const { body } = await raw('/', { headers: { host: 'proxy.example:1234' } })
  const locations = [...body.writableLocations, ...body.readableLocations]
  const endpoints = locations.map((location) => location.databaseAccountEndpoint)
  assert.deepEqual(endpoints, ['http://proxy.example:1234/', 'http://proxy.example:1234/'])
  assert.notEqual(body.id, 'localhost', 'the SDK ignores the locations of an account of this name')
})

test('session tokens grow with the writes, and one from the future is not available', async () => {
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

test('a client that asks for session consistency reads what it wrote', async () => {
  const consistencyLevel = ConsistencyLevel.Session
  const own = new CosmosClient({ endpoint: await endpoint(), key: emulatorKey, consistencyLevel })
  const container = own.database('events').container('events')
  const item = event()
  const created = await container.items.create(item)
  assert.equal(await outcome(container.item(item.id, [item.resource, item.subject]).read()), '200')
  const fileUnder = String(created.headers['x-ms-content-path'])
  assert.equal(Buffer.from(fileUnder, 'base64').length, 8, 'what the SDK files the token under')
  own.dispose()
})

test('charges are what Microsoft publishes', () => {
  const [one, hundred] = [1024, 100 * 1024]
  const charge = (operation: 'create' | 'read' | 'patch' | 'query', bytes: number, items = 0) =>
    requestCharge({ operation, isSuccess: true, bytes, indexEntries: 0, items })
  assert.deepEqual([charge('read', one), charge('read', hundred)], [1, 10])
  assert.deepEqual([charge('create', one), charge('create', hundred)], [5, 50])
  assert.equal(charge('patch', one), 2 * charge('create', one))
  assert.equal(charge('query', 100 * one, 100), 8.9) // 8.86 published
})

test('usage counts every operation, with the charge that its answer names', async () => {
  const { container } = await database.containers.create({ id: 'used', partitionKey: '/k' })
  await emulators.resetUsage()
  const item = { id: '1', k: 'k' }
  const charges = [
    await container.items.create(item),
    await container.items.upsert(item),
    await container.item('1', 'k').read(),
    await container.item('1', 'k').replace(item),
    await container.item('1', 'k').patch([{ op: 'set', path: '/n', value: 1 }]),
    await container.items.query('SELECT * FROM c').fetchAll(),
    await container.item('1', 'k').delete(),
  ].map((answer) => answer.requestCharge)
  const { operations, charge, byContainer } = await emulators.usage()
  const expected = { create: 1, read: 1, replace: 1, upsert: 1, patch: 1, delete: 1, query: 1 }
  assert.deepEqual(operations, expected)
  assert.ok(Math.abs(charge - charges.reduce((sum, each) => sum + each, 0)) < 0.05)
  assert.deepEqual(byContainer['events/used'], { operations, charge })

  const large = { id: 'large', k: 'k', text: 'x'.repeat(100 * 1024) }
  const created = await container.items.upsert(large)
  assert.ok(created.requestCharge > 50, 'an upsert of something new is a create')
  assert.ok(created.requestCharge < 60, 'and not a replace')
  const removed = await container.item('large', 'k').delete()
  assert.equal(removed.requestCharge, created.requestCharge, 'a delete is charged by its item')
  await emulators.resetUsage()
  assert.equal((await emulators.usage()).charge, 0)
})

test('what the emulator would get wrong is refused', async () => {
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

test('a container that Azure would not make is refused', async () => {
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

test('items of a container that is not there are not found', async () => {
  const request = { method: 'POST', body: event(), headers: partitionKey('r', 's') }
  assert.equal(await statusOf('/dbs/events/colls/none/docs', request), '404')
  assert.equal(await statusOf('/dbs/none/colls/none/docs', request), '404')
  assert.equal(await outcome(database.container('none').item('1', 'k').read()), '404')
})
