import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { type TestStores } from '../support/stores.ts'
import {
  assertProblem,
  callerClaims,
  createSubscriptionsClient,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { invalidSubscriptions } from './invalid-subscriptions.ts'
import { useApp } from '../support/share.ts'

const owner = { ...callerClaims.ttd, scope: 'altinn:events.subscribe' }
const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
let client: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ stores, receiver, app } = await startShared())
  client = createSubscriptionsClient(app, await mintToken(owner))
})
const resourceOf = (name: string) => `urn:altinn:resource:app_ttd_${name}`
const preview = (request: object) => client.requestJson(200, 'POST', '/preview', request)

/** Events of an app, one a millisecond, with the members of their place. */
const documentsOf = (
  name: string,
  count: number,
  members: (place: number) => object = () => ({}),
) =>
  Array.from({ length: count }, (_, place) =>
    documentAt(Date.now() - 3_600_000 + place, { app: name, ...members(place) }),
  )

test('the preview of a subscription counts what its filters match, and shows the newest', async () => {
  const documents = documentsOf('counted', 24, (place) => ({
    type: place % 2 === 0 ? 'even' : 'odd',
    subject: `/party/${place % 3}`,
  }))
  const copy = { ...documentAt(Date.now(), { app: 'counted', type: 'even' }), copyOf: 'another' }
  await store(stores, [...documents, copy])
  const resourceFilter = resourceOf('counted')
  const even = documents.filter(({ event }) => event.type === 'even').toReversed()
  assert.deepEqual(await preview({ resourceFilter, typeFilter: 'even' }), {
    examined: 24,
    matched: 12,
    latest: even.slice(0, 10).map(({ event: { id, type, subject, source, time } }) => ({
      id,
      type,
      subject,
      source,
      time,
    })),
  })
  const both = { resourceFilter, typeFilter: 'even', subjectFilter: '/party/1' }
  assert.deepEqual((await preview(both)).matched, 4)
  assert.deepEqual(await preview({ ...both, typeFilter: 'neither' }), {
    examined: 8, // those about the party
    matched: 0,
    latest: [],
  })
  const nothing = { examined: 0, matched: 0, latest: [] }
  assert.deepEqual(await preview({ resourceFilter: resourceOf('unheard-of') }), nothing)
})

test('the preview of a subscription stores nothing, and calls nobody', async () => {
  const own = await createOwnApp(app, receiver, 'unstored')
  await own.publish()
  const endPoint = `${receiver.url}${own.path}`
  const request = { endPoint, resourceFilter: resourceOf('unstored') }
  const listed = async (): Promise<number[]> => {
    const { subscriptions } = await client.requestJson(200, 'GET', '')
    return subscriptions.map(({ id: number }: { id: number }) => number)
  }
  const earlier = await listed()
  assert.equal((await preview(request)).matched, 1)
  assert.deepEqual(await listed(), earlier)
  const { id } = await own.subscribe() // whose validation event is the first request
  assert.equal(receiver.deliveries.filter(({ path }) => path === own.path).length, 1)
  await own.remove(id)
})

test('the preview of a subscription looks at the newest 1,000 events, and at 8 MB of them', async () => {
  const documents = documentsOf('bounded', 1002, (place) => ({ type: place < 2 ? 'old' : 'new' }))
  await store(stores, documents)
  const resourceFilter = resourceOf('bounded')
  const { examined, matched } = await preview({ resourceFilter })
  assert.deepEqual([examined, matched], [1000, 1000])
  assert.equal((await preview({ resourceFilter, typeFilter: 'old' })).matched, 0)

  await store(
    stores,
    documentsOf('large', 9, () => ({ data: 'x'.repeat(1_000_000) })),
  )
  assert.equal((await preview({ resourceFilter: resourceOf('large') })).examined, 8)
})

test('the preview of a subscription shows nobody the events of another', async () => {
  const [mine, other] = ['/party/50019855', '/party/50019856']
  await store(
    stores,
    documentsOf('shared', 2, (place) => ({ subject: place ? mine : other })),
  )
  const user = createSubscriptionsClient(app, await mintToken(callerClaims.user))
  const request = { resourceFilter: resourceOf('shared'), subjectFilter: mine }
  const { latest } = await user.requestJson(200, 'POST', '/preview', request)
  assert.deepEqual(
    latest.map(({ subject }: { subject: string }) => subject),
    [mine],
  )
  const others = { ...request, subjectFilter: other }
  await assertProblem(await user.call('POST', '/preview', others), 403)
  const whole = { resourceFilter: resourceOf('shared') }
  await assertProblem(await user.call('POST', '/preview', whole), 400)
  const skd = createSubscriptionsClient(app, await mintToken(callerClaims.skd))
  await assertProblem(await skd.call('POST', '/preview', whole), 403)
  await assertProblem(await createSubscriptionsClient(app).call('POST', '/preview', whole), 401)
})

test('the preview of a subscription refuses what creation refuses, in the same words', async () => {
  const endPoint = `${receiver.url}/refused`
  const invalid = invalidSubscriptions(() => endPoint).filter(
    ([, request]) => typeof Object(request).endPoint === 'string',
  )
  assert.ok(invalid.length > 50)
  for (const [what, request] of invalid) {
    const [created, previewed] = await Promise.all([
      client.call('POST', '', request),
      client.call('POST', '/preview', request),
    ])
    assert.equal(created.status, 400, what)
    assert.deepEqual(await saidBy(previewed), await saidBy(created), what)
  }
  const { errors } = await saidBy(
    await client.call('POST', '/preview', { resourceFilter: 'x', typeFilter: '' }),
  )
  assert.deepEqual(
    errors.map(({ pointer }: { pointer: string }) => pointer),
    ['/resourceFilter', '/typeFilter'],
  )
  const large = { resourceFilter: resourceOf('large'), typeFilter: 'x'.repeat(40_000) }
  await assertProblem(await client.call('POST', '/preview', large), 413)
})

/** What a problem says, without its trace. */
async function saidBy(answer: Response) {
  const { traceId: _trace, ...said } = Object(await answer.json())
  return said
}
