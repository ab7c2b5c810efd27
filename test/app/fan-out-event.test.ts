import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'
import { readsPoison } from './reads-poison.ts'

const startShared = useApp(readsPoison)
let stores: TestStores
let app: App
before(async () => {
  ;({ stores, app } = await startShared())
})

const key = ['urn:altinn:resource:app_ttd_apps-test', exampleEvent.subject]
const traceparent = '00-4b54a6a0c9b74bf5afc5e917863f96fd-eb14b06c1f0c3cf8-01'
const read = async (id: string) =>
  (await stores.container('events').item(id, key).read<EventDocument>()).resource
const reference = (id: string) => ({
  v: 1,
  event: id,
  resource: key[0],
  subject: key[1],
  traceparent,
})
const documentOf = (id: string) => ({
  v: 1,
  id,
  resource: key[0],
  subject: key[1],
  pending: Math.floor(Date.now() / 1000) + 60,
  traceparent,
  event: {
    id,
    time: new Date().toISOString(),
    ...exampleEvent,
    resource: key[0],
  },
})
const fannedOut = (id: string) =>
  eventually(`${id} fanned out`, async () => {
    const found = await read(id)
    return found?.fanOut !== undefined && found
  })

test('ignores a second message for an event that is fanned out', async () => {
  const id = String(await (await app.publish()).json())
  const first = await fannedOut(id)
  await stores.send('events-inbound', reference(id))
  await eventually('queue empty', async () => (await stores.countMessages('events-inbound')) === 0)
  assert.deepEqual(await read(id), first)
})

test('retries an event that is not visible yet', async () => {
  const id = newEventId()
  await stores.send('events-inbound', reference(id))
  await sleep(500)
  assert.equal(await stores.countMessages('events-inbound'), 1)
  await stores.container('events').items.create(documentOf(id))
  const document = await fannedOut(id)
  assert.equal(document.pending, undefined)
})

test('stores a spilled event, then fans it out; ignores a second copy', async () => {
  const id = newEventId()
  await stores.send('events-inbound', { v: 1, spilled: documentOf(id) })
  const first = await fannedOut(id)
  await stores.send('events-inbound', { v: 1, spilled: documentOf(id) })
  await eventually('queue empty', async () => (await stores.countMessages('events-inbound')) === 0)
  assert.deepEqual(await read(id), first)
})

interface Poison {
  id: string
  queue: string
  reason: string
  text: string
}
const poisonWith = (text: string) =>
  eventually(
    `poison ${text}`,
    async () => (await stores.documents<Poison>('poison')).find((kept) => kept.text === text),
    20,
  )

const senseless: [text: string, reason: RegExp][] = [
  ['this is no JSON', /^makes no sense: Unexpected token/],
  ['{"v":1,"event":5}', /^makes no sense: .*event/],
  ['12345678901234567890', /^makes no sense/],
  [JSON.stringify(reference(newEventId())), /^names nothing that exists$/],
  [JSON.stringify({ ...reference(newEventId()), session: 'å' }), /^makes no sense: .*session/],
]
suite('keeps an unprocessable message as poison, with its text', { concurrency: true }, () => {
  for (const [text, reason] of senseless)
    test(text.slice(0, 20), async () => {
      await stores.send('events-inbound', text)
      const kept = await poisonWith(text)
      assert.equal(kept.queue, 'events-inbound')
      assert.match(kept.reason, reason)
    })
})

test('leaves a poison message to the sweep when its event is still to be fanned out', async () => {
  const id = newEventId()
  await stores.container('events').items.create(documentOf(id))
  await stores.send('events-inbound-poison', reference(id))
  await eventually(
    'poison queue empty',
    async () => (await stores.countMessages('events-inbound-poison')) === 0,
  )
  assert.equal(
    (await stores.documents<Poison>('poison')).some(({ text }) => text.includes(id)),
    false,
  )
  assert.ok((await read(id))?.pending)
})

test('stores a spilled event of a poison message, for the sweep to fan out', async () => {
  const id = newEventId()
  await stores.send('events-inbound-poison', { v: 1, spilled: documentOf(id) })
  await eventually('stored', () => read(id))
})
