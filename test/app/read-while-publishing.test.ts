import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import type { AppEvent } from '../../shared/events/cloud-event.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { idsOf, createReader } from '../support/reader.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { callerClaims, mintToken, type App } from '../support/subscriber.ts'
import { createTestStores, eventually, type TestStores } from '../support/stores.ts'

const WATERMARK_SECONDS = 15 // the least there can be
const CLIENTS = 8
const EACH = 10
const PACE_MS = 700 // so that readers who held back too little would be past the first before the last late one is stored
const options = {
  functions: ['publish-event', 'fan-out-event', 'read-app-events'],
  settings: { READ_HOLDBACK_SECONDS: String(WATERMARK_SECONDS) },
}
let stores: TestStores
let one: App
let other: App
before(async () => {
  stores = await createTestStores()
  ;[one, other] = await Promise.all([startApp(stores, options), startApp(stores, options)])
})
after(() => Promise.all([one.stop(), other.stop()]))
const data = { answer: [42, null, 'blå 🦉'], ttl: 1 }
const said = { ...exampleEvent, data, contenttype: 'application/json' }

test('a reader that follows `next` while events are published sees each once, however late it was stored', async (t) => {
  const token = await mintToken(callerClaims.ttd)
  const began = Date.now()
  // An event that went by the queue ten minutes ago, and comes when readers are long past it; by two messages.
  const spilled = { ...documentAt(began - 600_000), pending: Math.floor(began / 1000) + 60 }
  const { fanOut: _fanOut, ...waiting } = spilled
  const old = documentAt(began - 60_000)
  await store(stores, [old])
  const seen: AppEvent[] = []
  const progress = { waits: 0 }
  const reading = new AbortController()
  t.after(() => reading.abort())
  const reader = follow(
    [createReader(one, token), createReader(other, token)],
    seen,
    progress,
    reading.signal,
  )
  await eventually('the reader is past the time of the late one', () => seen.length === 1)
  await stores.send('events-inbound', { v: 1, spilled: waiting })

  const accepted = (await Promise.all(Array.from({ length: CLIENTS }, (_, i) => publish(i)))).flat()
  await messagesDone()
  await stores.send('events-inbound', { v: 1, spilled: waiting })
  await messagesDone()
  const expected = [old.id, spilled.id, ...accepted]
  await eventually(
    'all are read',
    () => expected.every((id) => seen.some((event) => event.id === id)),
    45,
  )
  const { waits } = progress
  await eventually(
    'both have nothing more, also of what may come twice',
    () => progress.waits >= waits + 4,
  )
  reading.abort()
  await reader

  const ids = idsOf(seen)
  assert.deepEqual(ids.toSorted(), expected.toSorted(), 'each once, and no others')
  const late = ids.indexOf(spilled.id)
  assert.ok(late > 0, 'the late one came late')
  const others = ids.filter((id) => id !== spilled.id)
  assert.deepEqual(others, others.toSorted(), 'by id')
  const [published] = accepted
  const { time, ...event } = seen.find(({ id }) => id === published) ?? { time: '' }
  assert.ok(Date.parse(time) >= began && Date.parse(time) <= Date.now())
  const { contenttype: datacontenttype, ...given } = said
  assert.deepEqual(event, {
    ...given,
    id: published,
    resource: 'urn:altinn:resource:app_ttd_apps-test',
    resourceinstance: '50019855/428a4575-2c04-4400-89a3-1aaadd2579cd',
    datacontenttype,
  })

  const documents = await stores.documents<EventDocument>('events')
  const copies = documents.filter(({ copyOf }) => copyOf !== undefined)
  assert.deepEqual(
    copies.map(({ copyOf, fanOut }) => [copyOf, fanOut]),
    [[spilled.id, undefined]],
    'two messages make one copy, which is fanned out to nobody',
  )
})

const messagesDone = () =>
  eventually(
    'no message is left',
    async () => (await stores.countMessages('events-inbound')) === 0,
    20,
  )

/** Publishes at both processes in turn. One id is made long before the write ends. */
async function publish(client: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < EACH; i++) {
    const answer = await (i % 2 === 0 ? one : other).publish(said)
    assert.equal(answer.status, 201)
    ids.push(String(await answer.json()))
    await sleep(PACE_MS)
    if (i !== client + 2) continue
    const slow = documentAt(Date.now() - 5000) // a write that takes half of its 10 s
    await store(stores, [slow])
    ids.push(slow.id)
  }
  return ids
}

/**
 * Reads, by the two processes in turn, from the start on; where there is no `next` it waits, and asks again for the same.
 * Counts the waits, and passes on what it has read, before each.
 */
async function follow(
  readers: ReturnType<typeof createReader>[],
  seen: AppEvent[],
  progress: { waits: number },
  signal: AbortSignal,
): Promise<void> {
  let address = 'ttd/apps-test?after=1&size=8'
  for (let turn = 0; !signal.aborted; turn++) {
    const reader = readers[turn % readers.length]
    const { events, next } = (await reader?.page(address)) ?? { events: [], next: null }
    seen.push(...events)
    if (next === null) {
      progress.waits++
      await sleep(600)
    } else address = next.replace(/^http.*\/app\//, '') // the same at the other process
  }
}
