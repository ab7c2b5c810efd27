import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { copyOf } from '../../shared/events/event-document.ts'
import { timeOf } from '../../shared/events/event-id.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { documentAt, idAt, store } from '../support/stored-events.ts'
import { unlessBusy, type TestStores } from '../support/stores.ts'
import { assertProblem, callerClaims, mintToken, type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'

const MINUTE = 60_000
const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

async function ask(path: string, claims?: object): Promise<Response> {
  const token = claims && (await mintToken(claims))
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` }
  return unlessBusy(() => fetch(app.api + path, { headers }))
}
const activityOf = async (name: string) => {
  const answer = await ask(
    `/resources/urn:altinn:resource:app_ttd_${name}/activity`,
    callerClaims.ttd,
  )
  assert.equal(answer.status, 200)
  return Object(await answer.json())
}
const sumOf = (perMinute: { count: number }[]) =>
  perMinute.reduce((sum, { count }) => sum + count, 0)

test('the owner of an app sees how many of its events were accepted each minute, and the newest', async () => {
  const own = await createOwnApp(app, receiver, 'active')
  const now = Date.now()
  const old = documentAt(now - 70 * MINUTE, { app: 'active' })
  const [first, second] = [30, 30].map(() => documentAt(now - 30 * MINUTE, { app: 'active' }))
  assert.ok(first !== undefined && second !== undefined)
  const copy = copyOf(first, idAt(now - 20 * MINUTE))
  await store(stores, [old, first, second, copy])
  const id = await own.publish()
  const { perMinute, complete, latest } = await activityOf('active')
  assert.deepEqual([perMinute.length, complete, sumOf(perMinute)], [60, true, 3])
  const minute = new Date(now - 30 * MINUTE).setSeconds(0, 0)
  assert.ok(
    perMinute.some(
      ({ at, count }: { at: string; count: number }) => Date.parse(at) === minute && count === 2,
    ),
  )
  assert.deepEqual(
    latest.map((event: { id: string }) => event.id),
    [id, ...[first.id, second.id].toSorted().toReversed(), old.id],
  )
  const { type, source, subject, time } = old.event
  const acceptedAt = timeOf(old.id).toISOString()
  assert.deepEqual(latest.at(-1), { id: old.id, type, subject, source, time, acceptedAt })
})

test('the activity of a resource counts its newest 2,000 events, and shows 20', async () => {
  const now = Date.now()
  const ages = Array.from({ length: 2001 }, (_, i) => (i === 0 ? 50 * MINUTE : 10 * MINUTE - i))
  await store(
    stores,
    ages.map((age) => documentAt(now - age, { app: 'busy' })),
  )
  const { perMinute, complete, latest } = await activityOf('busy')
  assert.deepEqual([complete, sumOf(perMinute), latest.length], [false, 2000, 20])
  assert.ok(perMinute.length <= 12, 'it begins with the oldest one counted')
})

test('an org lists those of its apps that have events, 50 a page', async () => {
  const now = Date.now()
  const names = Array.from({ length: 52 }, (_, i) => `app-${String(i).padStart(2, '0')}`)
  const documents = names.flatMap((name) =>
    [2, 1].map((age) => documentAt(now - age * MINUTE, { org: 'digdir', app: name })),
  )
  const others = ['digdi', 'digdir2'].map((org) => documentAt(now, { org }))
  await store(stores, [...documents, ...others])
  const claims = { ...callerClaims.ttd, 'urn:altinn:org': 'digdir' }
  const pageAfter = async (position: string) => {
    const answer = await ask(`/resources?after=${encodeURIComponent(position)}`, claims)
    assert.equal(answer.status, 200)
    return Object(await answer.json())
  }
  const resourceOf = (name = '') => `urn:altinn:resource:app_digdir_${name}`
  const first = await pageAfter('')
  assert.deepEqual(
    first.resources.map(({ resource }: { resource: string }) => resource),
    names.slice(0, 50).map(resourceOf),
  )
  const newest = documents[1]
  assert.ok(newest !== undefined)
  const time = timeOf(newest.id).toISOString()
  assert.deepEqual(first.resources[0].latest, { id: newest.id, time })
  assert.equal(first.next, resourceOf(names[49]))
  const second = await pageAfter(first.next)
  assert.deepEqual(
    second.resources.map(({ resource }: { resource: string }) => resource),
    names.slice(50).map(resourceOf),
  )
  assert.ok(!('next' in second))
  assert.deepEqual(await pageAfter('urn:altinn:resource:app_digdirz'), { resources: [] })
  assert.deepEqual(await pageAfter('"; DROP'), first)

  await assertProblem(await ask('/resources'), 401)
  await assertProblem(await ask('/resources', callerClaims.nobody), 400)
  await assertProblem(await ask('/resources', callerClaims.user), 403)
})

test('the activity of a resource is for who may inspect it', async () => {
  const path = '/resources/urn:altinn:resource:app_ttd_active/activity'
  await assertProblem(await ask(path), 401)
  await assertProblem(await ask(path, callerClaims.nobody), 400)
  await assertProblem(await ask(path, callerClaims.skd), 403)
  await assertProblem(await ask(path, callerClaims.user), 403)
  assert.deepEqual((await activityOf('silent')).latest, [])
})
