import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { timeOf } from '../../shared/events/event-id.ts'
import { documentAt, idAt, store } from '../support/stored-events.ts'
import {
  assertProblem,
  createSubscriptionsClient,
  callerClaims,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'

// Events that are stored so late that readers may be past their ids: what is stored of them, and for whom.
const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

const MINUTE = 60_000
const documentsOf = async (event: string) => {
  const all = await stores.documents<EventDocument>('events')
  return {
    original: all.find(({ id }) => id === event),
    copies: all.filter(({ copyOf }) => copyOf === event),
  }
}
const lateDocument = (subject: string, ageMinutes = 10) => {
  const { fanOut: _fanOut, ...waiting } = documentAt(Date.now() - ageMinutes * MINUTE, { subject })
  return { ...waiting, pending: Math.floor(Date.now() / 1000) + 60 }
}
const fannedOut = (event: string) =>
  eventually(`${event} fanned out`, async () => {
    const found = await documentsOf(event)
    return found.original?.fanOut !== undefined && found
  })
const spill = (document: EventDocument) =>
  stores.send('events-inbound', { v: 1, spilled: document })

describe('an event that arrives by the queue', { concurrency: 4 }, () => {
  test('in time is stored unchanged', async () => {
    const document = lateDocument('/party/1', 0)
    await spill(document)
    const { original, copies } = await fannedOut(document.id)
    assert.deepEqual([original?.late, copies], [undefined, []])
    assert.deepEqual(original?.event, document.event)
  })

  test('late has a copy ahead of the readers, and is delivered once', async () => {
    const document = lateDocument('/party/2')
    const began = Date.now()
    await spill(document)
    const { original, copies } = await fannedOut(document.id)
    const [copy] = copies
    assert.ok(copy !== undefined && copies.length === 1)
    assert.equal(original?.late, copy.id)
    assert.ok(timeOf(copy.id).getTime() >= began - 1)
    const { v, resource, subject, alternative, traceparent, event } = document
    const { id: _id, copyOf: _copyOf, ...others } = copy
    const known = Object.entries(others).filter(([name]) => !name.startsWith('_'))
    const said = { v, resource, subject, alternative, traceparent, event }
    assert.deepEqual(Object.fromEntries(known), said)
    assert.ok(!('pending' in copy))
  })

  test('late, but stored in time by an unconfirmed try, has no copy', async () => {
    const document = lateDocument('/party/3')
    await store(stores, [document])
    await spill(document)
    const { original, copies } = await fannedOut(document.id)
    assert.deepEqual([original?.late, copies], [undefined, []])
  })

  test('late, without a copy since the process died, gets it from the next message', async () => {
    const document = lateDocument('/party/4')
    const late = idAt(Date.now() - MINUTE)
    await store(stores, [{ ...document, late }])
    await spill(document)
    const { original, copies } = await fannedOut(document.id)
    assert.deepEqual(
      copies.map(({ id }) => id),
      [original?.late],
    )
    assert.ok(original?.late !== undefined && original.late > late)
  })
})

test('late a second time changes nothing', async () => {
  const document = lateDocument('/party/5')
  await spill(document)
  const first = await fannedOut(document.id)
  await spill(document)
  await eventually('done', async () => (await stores.countMessages('events-inbound')) === 0)
  assert.deepEqual(await documentsOf(document.id), first)
})

describe('a generic event that arrives late by the queue', () => {
  const RESOURCE = 'urn:altinn:resource:app_ttd_generic'
  const generic = (eventId: string, ageMinutes: number) => {
    const { fanOut: _fanOut, ...waiting } = documentAt(Date.now() - ageMinutes * MINUTE, {
      app: 'generic',
    })
    const event = { ...waiting.event, id: eventId }
    return { ...waiting, publisher: '/org/ttd', eventId, event, pending: 1 }
  }
  const notPending = (id: string) =>
    eventually(`${id} is done`, async () => {
      const found = await documentsOf(id)
      return found.original !== undefined && found.original.pending === undefined && found
    })

  test('has its deliveries in what its owner sees of it', async () => {
    const document = generic('late', 10)
    await spill(document)
    await fannedOut(document.id)
    const answer = await fetch(`${app.api}/events/late?resource=${RESOURCE}`, {
      headers: { authorization: `Bearer ${await mintToken(callerClaims.ttd)}` },
    })
    const { accepted, fannedOut: done } = Object(await answer.json())
    assert.equal(accepted, timeOf(document.id).toISOString())
    assert.equal(done?.subscribers, 0)
  })

  test('and repeats another is hidden from readers, with its copy', async () => {
    const [first, repeat] = [generic('twice', 10), generic('twice', 9)]
    for (const document of [first, repeat]) {
      await spill(document)
      await notPending(document.id)
    }
    const { original, copies } = await documentsOf(repeat.id)
    assert.deepEqual(
      [original, ...copies].map((each) => each?.duplicateOf),
      [first.id, first.id],
    )
  })
})

/** Reserves an idempotency key for an event that an earlier request did not get to store. Returns a function that publishes it. */
async function reserved(key: string, subject: string, id: string) {
  const publish = () => app.publish({ ...exampleEvent, subject }, { 'Idempotency-Key': key })
  await publish()
  const requests = await stores.documents<{ id: string; subject?: string }>('requests')
  const request = requests.find((each) => each.subject === subject)
  assert.ok(request !== undefined)
  const container = stores.container('requests')
  await container.item(request.id, request.id).replace({ ...request, event: id })
  return publish
}

test('with a key reserved long ago gets its old id, and a copy for readers', async () => {
  const old = idAt(Date.now() - 10 * MINUTE)
  const publish = await reserved('old', '/party/6', old)
  for (const _ of [1, 2]) {
    const answer = await publish()
    assert.deepEqual([answer.status, await answer.json()], [201, old])
    const { original, copies } = await documentsOf(old)
    assert.deepEqual(
      copies.map(({ id }) => id),
      [original?.late],
    )
  }
})

test('responds 503 while another process creates the copy', async () => {
  const document = lateDocument('/party/7')
  const late = idAt(Date.now() + MINUTE) // just now, however slow this machine is
  await store(stores, [{ ...document, late }])
  const publish = await reserved('busy', '/party/7', document.id)
  await assertProblem(await publish(), 503)
  const { original, copies } = await documentsOf(document.id)
  assert.deepEqual([original?.late, copies], [late, []])
})

test('late is replayed once, without its copy', async () => {
  const late = documentAt(Date.now() - 1000, { app: 'replayed' })
  const original = documentAt(Date.now() - 10 * MINUTE, { app: 'replayed' })
  const copy = { ...late, event: original.event, copyOf: original.id }
  await store(stores, [{ ...original, late: copy.id }, copy])
  const client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  const { id } = await client.subscribed({
    endPoint: `${receiver.url}/replayed`,
    resourceFilter: 'urn:altinn:resource:app_ttd_replayed',
  })
  await client.replay(id, { only: 'missing' })
  const { examined, sent } = await client.replayDone(id)
  assert.deepEqual([examined, sent], [2, 1])
  const got = () =>
    receiver.deliveries.filter(({ path, event }) => path === '/replayed' && event?.resource)
  await eventually('it arrived', () => got().length > 0)
  assert.deepEqual(
    got().map(({ event }) => event?.id),
    [original.id],
  )
})
