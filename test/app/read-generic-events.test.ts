import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import type { CloudEvent } from '../../shared/events/cloud-event.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { operationsOn, operationsSince } from '../support/stored-work.ts'
import { deployedUrl } from '../support/stores.ts'
import { assertProblem, callerClaims, mintToken } from '../support/subscriber.ts'
import { app, begin, stores, useReadingApp } from './read-event-fixture.ts'

const startReading = useReadingApp()
const reader = async (claims: object) =>
  createGenericClient(app, await mintToken({ ...claims, scope: 'altinn:events.subscribe' }))
let skd: ReturnType<typeof createGenericClient>
let ttd: ReturnType<typeof createGenericClient>
before(async () => {
  await startReading()
  skd = await reader(callerClaims.skd)
  ttd = await reader(callerClaims.ttd)
})

interface Said {
  id: string
  subject?: string
  alternativesubject?: string
  type?: string
  source?: string
  document?: Partial<EventDocument>
}
/** Stores generic events of a resource of the test's own, a second apart. */
async function stored(name: string, ...said: Said[]): Promise<EventDocument[]> {
  const resource = `urn:altinn:resource:skd-${name}`
  const documents = said.map(({ document: more, ...members }, index) => {
    const event = { specversion: '1.0' as const, source: '/a', type: 'a', resource, ...members }
    const { alternative: _none, ...document } = documentAt(begin + index * 1000)
    const { subject = '', alternativesubject } = members
    return {
      ...document,
      resource,
      subject,
      ...(alternativesubject !== undefined && { alternative: alternativesubject }),
      publisher: '/org/skd',
      eventId: members.id,
      event,
      ...more,
    }
  })
  await store(stores, documents)
  return documents
}
async function page(client: typeof skd, query: string, headers?: Record<string, string>) {
  const answer = await client.read(query, headers)
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  const events: CloudEvent[] = JSON.parse(text)
  return { ids: events.map(({ id }) => id), events, next: answer.headers.get('next'), answer }
}
const queryOf = (name: string, position: string, more = '') =>
  `resource=urn:altinn:resource:skd-${name}&after=${encodeURIComponent(position)}${more}`

test('pages lead on from each other, and miss and repeat nothing', async () => {
  const ids = [
    'a',
    'æøå',
    'a b',
    '4815d141-8cf6-4555-8c3c-e069c7b80c79',
    'cursor:x',
    'a&after=0',
    '7',
  ]
  const documents = await stored('pages', ...ids.map((id) => ({ id })))
  const seen: string[] = []
  for (let next: string | null = queryOf('pages', '0', '&size=2'); next !== null;) {
    const read = await page(skd, next)
    seen.push(...read.ids)
    next = read.next
  }
  assert.deepEqual(seen, ids)
  for (const [place, id] of ids.entries())
    assert.deepEqual((await page(skd, queryOf('pages', id))).ids, ids.slice(place + 1), id)
  const cursor = `cursor:${documents[2]?.id}`
  assert.deepEqual((await page(skd, queryOf('pages', cursor))).ids, ids.slice(3))
  for (const unknown of ['0', 'unknown', `cursor:${documents[2]?.id}x`, 'cursor:'])
    assert.deepEqual((await page(skd, queryOf('pages', unknown))).ids, ids, unknown)
})

test('`after` counts within the resource, and from the oldest of equal ids that readers see', async () => {
  await stored('others', { id: 'x' }, { id: 'y' })
  await stored(
    'equal',
    { id: 'x', document: { late: '019b0000-0000-7000-8000-000000000000' } },
    { id: 'a' },
    { id: 'x', document: { duplicateOf: '019b0000-0000-7000-8000-000000000000' } },
    { id: 'x' },
    { id: 'b' },
    { id: 'x', source: '/b' },
  )
  assert.deepEqual((await page(skd, queryOf('equal', '0'))).ids, ['a', 'x', 'b', 'x'])
  assert.deepEqual((await page(skd, queryOf('equal', 'x'))).ids, ['b', 'x'])
  assert.deepEqual((await page(skd, queryOf('equal', 'y'))).ids, ['a', 'x', 'b', 'x'])
})

test('subject, alternative subject and type narrow', async () => {
  const subject = 'urn:altinn:organization:identifier-no:974761076'
  await stored(
    'filters',
    { id: '1', subject },
    { id: '2', subject: '/party/1', alternativesubject: '/organisation/974761076' },
    { id: '3', type: 'no.altinn.b' },
  )
  const about = (more: string, header?: string) =>
    page(
      skd,
      queryOf('filters', '0', more),
      header === undefined ? {} : { 'altinn-alternativesubject': header },
    )
  assert.deepEqual((await about(`&subject=${subject}`)).ids, ['1'])
  assert.deepEqual((await about('&subject=/party/1')).ids, ['2'])
  for (const header of ['/organisation/974761076', '/org/974761076', subject])
    assert.deepEqual((await about('', header)).ids, ['2'], header)
  assert.deepEqual((await about('&type=no.%25&type=x')).ids, ['3'])
  assert.deepEqual((await about('&subject=/party/2')).ids, [])
})

test('the events of an app are read by its resource, after the id that they have', async () => {
  const documents = [1, 2, 3].map((second) => documentAt(begin + second * 1000, { app: 'generic' }))
  await store(stores, documents)
  const ids = documents.map(({ id }) => id)
  const resource = 'resource=urn:altinn:resource:app_ttd_generic'
  assert.deepEqual((await page(ttd, `${resource}&after=0`)).ids, ids)
  assert.deepEqual((await page(ttd, `${resource}&after=${ids[1]}`)).ids, [ids[2]])
})

test('the content type is that of CloudEvents, or plain JSON for who accepts only that', async () => {
  const rows = [
    [undefined, 'application/cloudevents+json; charset=utf-8'],
    ['*/*', 'application/cloudevents+json; charset=utf-8'],
    ['application/cloudevents+json', 'application/cloudevents+json; charset=utf-8'],
    [
      'application/json, application/cloudevents+json',
      'application/cloudevents+json; charset=utf-8',
    ],
    ['application/json', 'application/json; charset=utf-8'],
    ['text/plain', 'application/cloudevents+json; charset=utf-8'],
  ] as const
  for (const [accept, expected] of rows) {
    const { answer } = await page(skd, queryOf('none', '0'), accept === undefined ? {} : { accept })
    assert.equal(answer.headers.get('content-type'), expected, accept)
    assert.equal(answer.headers.get('next'), null)
  }
})

test(
  'a page is one query, and one more where `after` is a publisher’s id',
  {
    skip: deployedUrl !== undefined,
  },
  async () => {
    const documents = await stored(
      'cost',
      ...Array.from({ length: 60 }, (_, index) => ({ id: `${index}`, subject: '/a' })),
    )
    const rows: [query: string, queries: number][] = [
      [queryOf('cost', `cursor:${documents[1]?.id}`), 1],
      [queryOf('cost', `cursor:${documents[1]?.id}`, '&subject=/a&type=%25'), 1],
      [queryOf('cost', '1'), 2],
    ]
    for (const [query, queries] of rows) {
      const earlier = await operationsOn(stores, 'events')
      assert.equal((await page(skd, query)).ids.length, 50)
      assert.deepEqual(await operationsSince(stores, 'events', earlier), { query: queries }, query)
    }
  },
)

test('a size below 1 is 50, and above 1,000 is that', async () => {
  await stored('sizes', ...Array.from({ length: 60 }, (_, index) => ({ id: `${index}` })))
  for (const [size, count] of [
    [-1, 50],
    [0, 50],
    [1, 1],
    [51, 51],
    [5000, 60],
  ] as const)
    assert.equal((await page(skd, queryOf('sizes', 'none', `&size=${size}`))).ids.length, count)
})

describe('a wrong query is a 400 with the original’s sentence', () => {
  const PREFIX = "The 'resource' parameter must begin with `urn:altinn:resource:`"
  const rows: [query: string, detail: string, header?: string][] = [
    ['', 'The resource field is required.'],
    ['after=0', 'The resource field is required.'],
    ['resource=&after=0', 'The resource field is required.'],
    ['resource=x&size=y', "The value 'y' is not valid."],
    ['resource=x', PREFIX],
    ['resource=URN:altinn:resource:x&after=0', PREFIX],
    ['resource=urn:altinn:resource:x', "The 'after' parameter must be defined."],
    [
      'resource=urn:altinn:resource:x&after=0&subject=a',
      "Only one of 'subject' or 'alternativeSubject' can be defined.",
      '/person/01017512345',
    ],
    ['resource=urn:altinn:resource:x&after=0&size=1.5', "The value '1.5' is not valid."],
    [
      'resource=urn:altinn:resource:x&after=0&size=99999999999',
      "The value '99999999999' is not valid.",
    ],
  ]
  for (const [query, detail, header] of rows)
    test(`${query}: ${detail}`, async () => {
      const headers = header === undefined ? {} : { 'altinn-alternativesubject': header }
      assert.equal(await assertProblem(await skd.read(query, headers), 400), detail)
    })
})
