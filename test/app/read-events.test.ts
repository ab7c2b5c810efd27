import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { usageOf } from '../support/stored-work.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { faults, filters, refusals, types } from './read-event-cases.ts'
import {
  app,
  begin,
  cosmos,
  HOUR,
  person,
  stored,
  stores,
  ttd,
  useReadingApp,
} from './read-event-fixture.ts'
import { idsOf, createReader } from '../support/reader.ts'
import { documentAt, idAt, store } from '../support/stored-events.ts'
import { assertProblem, callerClaims, mintToken } from '../support/subscriber.ts'
import { deployedUrl } from '../support/stores.ts'

const startShared = useReadingApp()
/** More events than a page may have, all about one party; the last five are of a rare type. */
let many: EventDocument[]
before(async () => {
  await startShared()
  many = await stored('many', 1010, (index) => ({
    subject: '/party/77',
    alternativesubject: '/org/912345670',
    ...(index >= 1005 && { type: 'rare' }),
  }))
})

const at = (seconds: number) => new Date(begin + seconds * 1000).toISOString()
const eventsOf = (documents: EventDocument[]) => documents.map(({ event }) => event)

test('a page has 50 events as stored, oldest first; `next` leads on until the end', async () => {
  const documents = await stored('pages', 120)
  const pages = await ttd.pages('ttd/pages?after=1')
  assert.deepEqual(pages, [
    eventsOf(documents.slice(0, 50)),
    eventsOf(documents.slice(50, 100)),
    eventsOf(documents.slice(100)),
    [],
  ])
})

test('shows no events above the read watermark, whatever the query', async () => {
  const now = Date.now()
  const old = documentAt(now - 16_000, { app: 'fresh' })
  const fresh = [-10_000, -1000, 0, 60_000].map((ms) => documentAt(now + ms, { app: 'fresh' }))
  await store(stores, [...fresh, old])
  const to = new Date(now + HOUR).toISOString()
  for (const query of ['after=1', `from=${at(0)}`, `after=1&to=${to}`, 'after=1&size=1000'])
    assert.deepEqual(idsOf((await ttd.pages(`ttd/fresh?${query}`)).flat()), [old.id])
  const [first] = fresh
  assert.deepEqual(await ttd.pages(`ttd/fresh?after=${first?.id}`), [[]], 'a position of its own')
})

test('honours sizes from 1 to 1,000, and never returns more', async () => {
  for (const [size, count] of [
    [1, 1],
    [7, 7],
    [101, 101],
    [1000, 1000],
    [5000, 1000],
  ] as const) {
    const { events, next } = await ttd.page(`ttd/many?after=1&size=${size}`)
    assert.deepEqual(idsOf(events), idsOf(many.slice(0, count)))
    assert.match(next ?? '', new RegExp(`after=${many[count - 1]?.id}`))
  }
})

test('begins after an id of this service, and at the start after any other', async () => {
  const documents = await stored('after', 5)
  const ids = idsOf(documents)
  const from = async (query: string) => idsOf((await ttd.page(`ttd/after?${query}`)).events)
  assert.deepEqual(await from(`after=${ids[1]}`), ids.slice(2))
  assert.deepEqual(await from(`after=${ids[1]?.toUpperCase()}`), ids.slice(2))
  assert.deepEqual(await from(`after=${ids[4]}`), [])
  const future = idAt(Date.now() + HOUR)
  for (const other of ['1', '4815d141-c18c-4a14-8cd2-887b2eb8ddc2', future, '%00', "' OR 1=1 --"])
    assert.deepEqual(await from(`after=${other}`), ids, other)
})

test('includes `from` and `to`, in any time zone', async () => {
  const ids = idsOf(await stored('times', 10))
  const between = async (query: string) => idsOf((await ttd.page(`ttd/times?${query}`)).events)
  assert.deepEqual(await between(`from=${at(3)}`), ids.slice(3))
  assert.deepEqual(await between(`from=${at(3)}&to=${at(6)}`), ids.slice(3, 7))
  assert.deepEqual(await between(`after=1&to=${at(6)}`), ids.slice(0, 7))
  assert.deepEqual(await between(`from=${at(6)}&to=${at(3)}`), [])
  assert.deepEqual(await between(`from=${at(3)}&after=${ids[5]}`), ids.slice(6))
  const oslo = new Date(begin + 3000 + HOUR).toISOString().replace('Z', '%2B01:00')
  assert.deepEqual(await between(`from=${oslo}`), ids.slice(3))
})

describe('filters', { concurrency: 4 }, () => {
  let documents: EventDocument[]
  before(async () => {
    documents = await stored('filters', 40, (index) => ({
      type: types[index % 4] ?? '',
      source: `https://ttd.apps.altinn.no/ttd/filters/${index % 4}`,
    }))
  })
  for (const [query, wanted] of filters)
    test(query, async () => {
      const ids = idsOf(documents.filter((_, index) => wanted.includes(index % 4)))
      assert.deepEqual(idsOf((await ttd.pages(`ttd/filters?after=1&${query}`)).flat()), ids)
      const small = await ttd.pages(`ttd/filters?after=1&${query}&size=7`)
      assert.deepEqual(idsOf(small.flat()), ids)
      assert.ok(small.slice(0, -1).every((page) => page.length <= 7))
    })
})

test('links on from a page that the filter emptied, and costs at most 1,000 documents', async () => {
  const earlier = await usage()
  const { events, next } = await ttd.page('ttd/many?after=1&type=rare&size=3')
  const spent = await usage()
  assert.deepEqual(events, [])
  assert.match(next ?? '', new RegExp(`after=${many[999]?.id}&type=rare&size=3$`))
  assert.ok(spent.charge - earlier.charge < 100, `${spent.charge - earlier.charge} RU`)
  const rare = idsOf(many.slice(1005))
  assert.deepEqual((await ttd.pages(next ?? '')).map(idsOf), [rare.slice(0, 3), rare.slice(3), []])
})

/** What has been asked of the events so far. */
async function usage(): Promise<{ queries: number; others: number; charge: number }> {
  const tally = await usageOf(stores, 'events')
  const { query = 0, ...others } = tally?.operations ?? {}
  const sum = Object.values(others).reduce((total, count) => total + count, 0)
  return { queries: query, others: sum, charge: tally?.charge ?? 0 }
}

test('reads a page by one query of its events', { skip: deployedUrl !== undefined }, async () => {
  const reader = createReader(
    app,
    await mintToken({ ...callerClaims.user, 'urn:altinn:partyid': 77 }),
  )
  const asked: [typeof reader, string][] = [
    [ttd, 'ttd/many?after=1'],
    [ttd, `ttd/many?from=${at(10)}&to=${at(200)}`],
    [ttd, 'ttd/many?after=1&party=77'],
    [ttd, 'ttd/many?after=1&unit=912345670'],
    [reader, 'party?after=1&party=77'],
  ]
  for (const [client, address] of asked) {
    const earlier = await usage()
    assert.equal((await client.page(address)).events.length, 50, address)
    const spent = await usage()
    assert.deepEqual([spent.queries - earlier.queries, spent.others - earlier.others], [1, 0])
    assert.ok(spent.charge - earlier.charge < 8, `${address}: ${spent.charge - earlier.charge} RU`)
  }
})

describe('a fault while a page is read', { skip: deployedUrl !== undefined }, () => {
  for (const [what, fault] of faults)
    test(`that passes leaves the page whole, with each event once: ${what}`, async () => {
      for (const place of [1, 2, 3, 4]) {
        let asked = 0 // the plan of the query, then the query three times: 100, 100 and 10 events
        cosmos.plan = ({ method, url }) =>
          method === 'POST' && url.endsWith('/colls/events/docs') && ++asked === place
            ? fault
            : undefined
        const { events } = await ttd.page('ttd/many?after=1&size=210')
        assert.deepEqual(idsOf(events), idsOf(many.slice(0, 210)), `request ${place}`)
        assert.ok(asked >= 4, `${asked} requests`)
      }
    })
  test('that stays is a 503', async () => {
    cosmos.plan = () => ({ status: 503 })
    const answer = await ttd.get('ttd/many?after=1')
    cosmos.plan = () => undefined
    assert.equal(answer.headers.get('retry-after'), '5')
    await assertProblem(answer, 503)
  })
})

test('shortens a page of large events, and skips none', async () => {
  const documents = await stored('large', 9, () => ({ data: 'x'.repeat(1_000_000) }))
  const pages = await ttd.pages('ttd/large?after=1')
  assert.deepEqual(pages.map(idsOf).flat(), idsOf(documents))
  assert.ok(pages.length > 2 && pages.every((page) => page.length <= 4))
})

describe("rejects with the original's messages", () => {
  for (const [address, detail] of refusals)
    test(address, async () =>
      assert.equal(await assertProblem(await ttd.get(address), 400), detail),
    )
  test('a party and a person', async () => {
    const answer = await person.get('party?after=1&party=71')
    assert.equal(
      await assertProblem(answer, 400),
      "Only one of 'Party' or 'Person' can be defined.",
    )
  })
})
