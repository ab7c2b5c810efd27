import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { createEventCache } from '../../shared/events/event-cache.ts'
import { createOwnApp } from '../support/own-app.ts'
import { deployedUrl, eventually } from '../support/stores.ts'
import { useProxiedStores } from './proxied-stores.ts'

const resource = 'urn:altinn:resource:app_ttd_apps-test'
const { subject } = exampleEvent
const traceparent = '00-4b54a6a0c9b74bf5afc5e917863f96fd-eb14b06c1f0c3cf8-01'
const referenceTo = (event: string) => ({ v: 1 as const, event, resource, subject, traceparent })

function documentOf(id: string): EventDocument {
  const time = new Date().toISOString()
  const event = { ...exampleEvent, specversion: '1.0' as const, id, time, resource }
  return { v: 1, id, resource, subject, traceparent, event }
}

/** Recent events over a store that counts what it is asked, and a clock that stands still. */
function createEnvironment(
  answer = async (id: string): Promise<EventDocument | undefined> => documentOf(id),
) {
  const asked: string[] = []
  const environment = { asked, answer, at: 0 }
  const recent = createEventCache({
    find: ({ event }) => {
      asked.push(event)
      return environment.answer(event)
    },
    now: () => environment.at,
  })
  return Object.assign(environment, recent)
}

const idOfBody = (body: Buffer | undefined): unknown => body && JSON.parse(body.toString()).id

test('reads an event once for all callers within 5 s, concurrent ones included', async () => {
  const environment = createEnvironment()
  const reference = referenceTo(newEventId())
  const found = await Promise.all([environment.find(reference), environment.find(reference)])
  environment.at = 4999
  found.push(await environment.find(reference))
  assert.deepEqual(
    found.map(idOfBody),
    Array.from({ length: 3 }, () => reference.event),
  )
  assert.equal(environment.asked.length, 1)
  environment.at = 5000
  await environment.find(reference)
  assert.equal(environment.asked.length, 2)
})

test('reads again an event that was not visible or failed to be read', async () => {
  const environment = createEnvironment(async () => undefined)
  const reference = referenceTo(newEventId())
  assert.equal(await environment.find(reference), undefined)
  environment.answer = async () => Promise.reject(new Error('not now'))
  await assert.rejects(environment.find(reference), /not now/)
  environment.answer = async (id) => documentOf(id)
  assert.equal(idOfBody(await environment.find(reference)), reference.event)
})

test('keeps the last 16 MB of events, only for the app and party that a message names', async () => {
  const environment = createEnvironment(async (id) => {
    const document = documentOf(id)
    return { ...document, event: { ...document.event, data: 'x'.repeat(999_000) } }
  })
  const references = Array.from({ length: 17 }, () => referenceTo(newEventId()))
  const [first = referenceTo(''), second = referenceTo('')] = references
  for (const reference of references) await environment.find(reference)
  await environment.find(second)
  assert.equal(environment.asked.length, 17)
  await environment.find(first)
  await environment.find({ ...first, subject: '/party/1' })
  assert.equal(environment.asked.length, 19)
})

const skip = deployedUrl !== undefined && 'the proxy must be its own'
const startShared = useProxiedStores()

test(
  'reads an event with three subscribers once to fan it out, and once for two retries',
  { skip },
  async (t) => {
    const { cosmos, receiver, app, calm } = await startShared()
    t.after(calm)
    const own = await createOwnApp(app, receiver, 'thrice')
    const paths = ['/1', '/2', '/3']
    for (const path of paths) await own.subscribe(path)

    const failed = new Set<string>()
    receiver.behave(({ path }) => {
      const isFirst = path !== '/1' && !failed.has(path)
      failed.add(path)
      return isFirst ? { status: 503 } : {}
    })
    const reads: string[] = []
    cosmos.plan = ({ method, url }) =>
      void (method === 'GET' && /colls\/events\/docs\/[^/]+$/.test(url) && reads.push(url))
    const id = await own.publish()
    const arrivals = () => receiver.deliveries.filter(({ event }) => event?.id === id)
    await eventually('all, two of them again', () => arrivals().length === 5)
    assert.equal(reads.filter((url) => url.includes(id)).length, 2)
  },
)
