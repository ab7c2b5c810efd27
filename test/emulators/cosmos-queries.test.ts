import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Container, FeedOptions } from '@azure/cosmos'

before(useDatabase())
import {
  database,
  events,
  deliveries,
  subscriptions,
  event,
  raw,
  partitionKey,
  query,
  useDatabase,
} from './cosmos-fixture.ts'

/** Ten events and ten deliveries under keys of their own, and what is asked about them. */
async function listed(name: string) {
  const ids = Array.from({ length: 10 }, (_, i) => `${name}-${i}`)
  for (const [i, id] of ids.entries()) {
    const subject = `/party/${name}/${i % 2}`
    const alternative = `/person/${i % 2}`
    await events.items.create({ id, resource: name, subject, alternative, pending: i })
    const delivery = { id, subscription: name, state: 'waiting', due: i, deadAt: i, list: [i] }
    await deliveries.items.create(delivery)
  }
  return { ids, r: name, s: `/party/${name}/0`, now: 3, after: ids[4] ?? '' }
}

test('answers the queries that the indexes serve', async () => {
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
    [
      deliveries,
      'SELECT TOP 2 VALUE c.due FROM c WHERE c.subscription = @r AND c.due > 0 ORDER BY c.due',
      [1, 2],
    ],
    [
      deliveries,
      `SELECT TOP 2 VALUE c.deadAt FROM c WHERE c.subscription = @r AND c.deadAt >= @now
       ORDER BY c.deadAt DESC`,
      [9, 8],
    ],
    [subscriptions, 'SELECT VALUE c.id FROM c WHERE c._ts >= 1 AND c.number = -1', []],
    [subscriptions, 'SELECT TOP 2 * FROM c WHERE c.due <= @now ORDER BY c.due', []],
  ]
  for (const [container, sql, expected] of cases) {
    assert.deepEqual(await query(container, sql, given), expected, sql)
  }
})

test('rejects a query that no index serves, naming the path and the container', async () => {
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
    [deliveries, 'SELECT * FROM c WHERE c.redrives > 0', '/redrives'],
    [deliveries, 'SELECT * FROM c WHERE c.due > 0 ORDER BY c.due, c.deadAt', '/due, /deadAt'],
    [events, 'SELECT TOP 1 VALUE c.deadAt FROM c ORDER BY c.deadAt DESC', '/deadAt'],
    [subscriptions, "SELECT * FROM c WHERE c.circuit.state = 'open'", '/circuit/state'],
    [
      subscriptions,
      'SELECT * FROM c WHERE c.due <= @now ORDER BY c.circuit.lease.until',
      '/circuit/lease/until',
    ],
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

test('runs a query in the partition, or the part of one, that it names', async () => {
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

test('a page has 100 items unless the query says, and the pages have every item once', async () => {
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

test('rejects a query that it cannot parse', async () => {
  for (const sql of [
    'SELECT',
    'SELECT * FROM c GROUP BY c.id',
    'SELECT * FROM c OFFSET 1 LIMIT 1',
  ]) {
    await assert.rejects(query(events, sql), { code: 400 }, sql)
  }
})
