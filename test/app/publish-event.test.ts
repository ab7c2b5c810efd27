import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { clientBody, exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'

const startShared = useApp()
let stores: TestStores
let app: App
before(async () => {
  ;({ stores, app } = await startShared())
})

const stored = async (id: unknown) =>
  (await stores.documents<EventDocument>('events')).find((document) => document.id === id)

test("the real client's bytes are answered as the original answers them", async () => {
  const answer = await app.publish(clientBody())
  assert.equal(answer.status, 201)
  assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
  assert.equal(answer.headers.get('location'), '/party/50019855')
  assert.match(
    await answer.text(),
    /^"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$/,
  )
})

test('stores an accepted event with a new id and time, and records its fan-out', async () => {
  const earlier = Date.now()
  const id = await (
    await app.publish({ ...exampleEvent, id: 'mine', time: '2001-01-01T00:00:00Z' })
  ).json()
  const document = await eventually('fanned out', async () => {
    const found = await stored(id)
    return found?.fanOut !== undefined && found
  })
  assert.equal(document.pending, undefined)
  assert.equal(document.fanOut?.count, 0)
  assert.equal(document.alternative, '/person/01017512345')
  assert.ok(Math.abs(Date.parse(document.event.time ?? '') - earlier) < 5000)
  assert.deepEqual(document.event, {
    specversion: '1.0',
    id,
    time: document.event.time,
    source: exampleEvent.source,
    subject: '/party/50019855',
    type: 'app.instance.created',
    resource: 'urn:altinn:resource:app_ttd_apps-test',
    resourceinstance: '50019855/428a4575-2c04-4400-89a3-1aaadd2579cd',
    alternativesubject: '/person/01017512345',
  })
})
