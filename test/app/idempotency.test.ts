import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { tokensOf } from '../support/app.ts'
import { deployedUrl, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'

const startShared = useApp()
const startPublisher = useApp({ functions: ['publish-event'] })
let stores: TestStores
let app: App
before(async () => {
  ;({ stores, app } = await startShared())
})

const RESOURCE = 'urn:altinn:resource:app_ttd_apps-test'
const publish = async (key: string, event: object = exampleEvent) => {
  const answer = await app.publish(event, { 'Idempotency-Key': key })
  const body: unknown = await answer.json()
  return { status: answer.status, body }
}
const countOf = async (subject: string) =>
  (await stores.documents<EventDocument>('events')).filter(
    (event) => event.resource === RESOURCE && event.subject === subject,
  ).length

test('the same key and members give the same id, even if the client’s id and time differ', async () => {
  const event = { ...exampleEvent, subject: '/party/1' }
  const first = await publish('a', event)
  assert.equal(first.status, 201)
  assert.deepEqual(await publish('a', { ...event, id: 'x', time: '2026-01-01T00:00:00Z' }), first)
  assert.deepEqual(await publish('a', event), first)
  assert.equal(await countOf('/party/1'), 1)
})

test('twenty concurrent requests with one key create one event', async () => {
  const event = { ...exampleEvent, subject: '/party/2' }
  const answers = await Promise.all(Array.from({ length: 20 }, () => publish('b', event)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  assert.equal(new Set(answers.map(({ body }) => body)).size, 1)
  assert.equal(await countOf('/party/2'), 1)
})

for (const [what, change] of Object.entries({
  'another type': { type: 'other' },
  'another subject, which is another partition': { subject: '/party/4' },
  'another data': { data: { a: 1 } },
}))
  test(`responds 422 to a key used before with ${what}, and stores nothing`, async () => {
    const event = { ...exampleEvent, subject: '/party/3' }
    await publish(`c ${what}`.replaceAll(/\W/g, ''), event)
    const count = (await stores.documents('events')).length
    const { status, body } = await publish(`c ${what}`.replaceAll(/\W/g, ''), {
      ...event,
      ...change,
    })
    assert.equal(status, 422)
    assert.equal(Object(body).type, 'https://tools.ietf.org/html/rfc4918#section-11.2')
    assert.equal((await stores.documents('events')).length, count)
  })

test('a UUID is the same key in whatever case; any other text is not', async () => {
  const event = { ...exampleEvent, subject: '/party/8' }
  const key = 'a44b2a2c-5d2c-4a5b-9a34-1c0a0b6a3a11'
  const first = await publish(key, event)
  assert.equal(first.status, 201)
  assert.deepEqual(await publish(key.toUpperCase(), event), first)
  await publish(`${key}x`, event)
  await publish(`${key}X`, event)
  assert.equal(await countOf('/party/8'), 3)
})

test('two apps may use the same key', async () => {
  const [altinn, platform] = await tokensOf('ttd', 'other-app')
  const other = { ...exampleEvent, source: exampleEvent.source.replace('apps-test', 'other-app') }
  const mine = await publish('d')
  const headers = {
    'Idempotency-Key': 'd',
    Authorization: `Bearer ${altinn}`,
    PlatformAccessToken: platform,
  }
  const theirs = await app.publish(other, headers)
  assert.equal(theirs.status, 201)
  assert.notEqual(await theirs.json(), mine.body)
})

test('a retry repairs a crash between the two writes, under the first id', async () => {
  const event = { ...exampleEvent, subject: '/party/5' }
  const { body } = await publish('e', event)
  await stores.container('events').item(String(body), [RESOURCE, '/party/5']).delete()
  assert.equal(await countOf('/party/5'), 0)
  assert.deepEqual(await publish('e', event), { status: 201, body })
  assert.equal(await countOf('/party/5'), 1)
})

const skip = deployedUrl !== undefined && 'fan-out must not run'
test('a repeated request sends no second message to fan-out', { skip }, async () => {
  const { stores: quiet, app: publisher } = await startPublisher()
  const earlier = await quiet.countMessages('events-inbound')
  for (let time = 0; time < 3; time++)
    assert.equal((await publisher.publish(exampleEvent, { 'Idempotency-Key': 'f' })).status, 201)
  assert.equal(await quiet.countMessages('events-inbound'), earlier + 1)
})
