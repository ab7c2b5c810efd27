import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { exampleEvent } from '../../local/example.ts'
import type { ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import type { SubscriptionDocument, Tombstone } from '../../shared/subscriptions/subscription.ts'
import {
  assertProblem,
  createSubscriptionsClient,
  callerClaims,
  mintToken,
  type Subscription,
  type App,
} from '../support/subscriber.ts'
import { type TestStores } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'

const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
let client: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ stores, receiver, app } = await startShared())
  client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
})

const RESOURCE = 'urn:altinn:resource:app_ttd_apps-test'
let hooks = 0
const hook = () => `${receiver.url}/subscriptions-${hooks++}` // each asks for another subscription
const find = (among: Subscription[], wanted: number) => among.find(({ id }) => id === wanted)

describe('a subscription', { concurrency: 4 }, () => {
  test('is created with the original’s response, and with its secret, which is shown once', async () => {
    const endPoint = hook()
    const earlier = Date.now()
    const answer = await client.call('POST', '', { endPoint, resourceFilter: RESOURCE })
    const made = Object(await answer.json())
    assert.equal(answer.status, 201)
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
    assert.equal(answer.headers.get('location'), `/events/api/v1/subscriptions/${made.id}`)
    assert.ok(Number.isInteger(made.id) && made.id > 0 && made.id < 2 ** 31)
    assert.match(made.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.ok(Date.parse(made.created) >= earlier && Date.parse(made.created) <= Date.now())
    const expected = {
      id: made.id,
      endPoint,
      resourceFilter: RESOURCE,
      includeSubunits: false,
      consumer: '/org/ttd',
      createdBy: '/org/ttd',
      created: made.created,
      validated: false,
      circuit: { state: 'closed' },
    }
    assert.deepEqual(made, { ...expected, secret: made.secret })
    const circuit = { state: 'closed', waiting: '0' }
    const counts = { waiting: '0', dead: '0' }
    const read = { ...expected, validated: true, circuit, counts }
    assert.deepEqual(await client.validated(made.id), read)
    const { count, subscriptions } = await client.requestJson(200, 'GET', '')
    assert.equal(count, subscriptions.length)
    assert.deepEqual(find(subscriptions, made.id), { ...expected, validated: true })
    assert.doesNotMatch(JSON.stringify(subscriptions), /whsec_|secret/)
  })

  test('is listed in pages by id, which lead on by the header next; without a size in one', async () => {
    const pager = createSubscriptionsClient(app, await mintToken(callerClaims.organisation))
    const own = { alternativeSubjectFilter: '/organisation/912345678' }
    const ids: number[] = []
    for (let place = 0; place < 5; place++)
      ids.push((await pager.subscribe({ endPoint: hook(), resourceFilter: RESOURCE, ...own })).id)
    await pager.requestJson(200, 'DELETE', `/${ids[1]}`)
    const rest = ids.filter((id) => id !== ids[1])
    const pages: number[][] = []
    for (let query: string | undefined = '?size=2'; query !== undefined && pages.length < 5;) {
      const answer = await pager.call('GET', query)
      const { count, subscriptions } = Object(await answer.json())
      assert.equal(count, subscriptions.length)
      pages.push(subscriptions.map(({ id }: Subscription) => id))
      const next = answer.headers.get('next')
      if (next !== null) assert.ok(next.startsWith(`${app.api}/subscriptions?after=`))
      query = next === null ? undefined : new URL(next).search
    }
    assert.deepEqual(pages.flat(), rest)
    assert.ok(pages.every((page) => page.length <= 2))
    const all = await pager.call('GET', '')
    assert.deepEqual([all.headers.get('next'), Object(await all.json()).count], [null, 4])
    const rests = await pager.requestJson(200, 'GET', `?after=${rest[2]}`)
    assert.deepEqual(
      rests.subscriptions.map(({ id }: Subscription) => id),
      [rest[3]],
    )
    for (const query of ['?size=0', '?size=x', '?after=x', '?after=-1'])
      assert.equal((await pager.call('GET', query)).status, 400, query)
  })

  test('is gone when deleted, and new when created again', async () => {
    const request = { endPoint: hook(), resourceFilter: RESOURCE }
    const first = await client.subscribed(request)
    await client.requestJson(200, 'DELETE', `/${first.id}`)
    await assertProblem(await client.call('GET', `/${first.id}`), 404)
    await assertProblem(await client.call('DELETE', `/${first.id}`), 404)
    const { subscriptions } = await client.requestJson(200, 'GET', '')
    assert.equal(find(subscriptions, first.id), undefined)
    const second = await client.subscribed(request)
    assert.ok(second.id > first.id)
    assert.ok(second.secret !== undefined && second.secret !== first.secret)
    await assertProblem(await client.call('GET', `/${first.id}`), 404)
  })

  test('is replayed once the events of its first seconds are fanned out: any sooner would deliver twice', async () => {
    const made = await client.subscribed({ endPoint: hook(), resourceFilter: RESOURCE })
    const replays = await stores.documents<ReplayDocument>('replays')
    const replay = replays.find(({ subscription }) => subscription === String(made.id))
    assert.ok(replay?.due !== undefined)
    const to = Date.parse(replay.to)
    assert.ok(to - Date.parse(replay.from) >= 10_000) // a write, and an index that is 5 s old
    const REPAIR_SECONDS = 60
    assert.ok((replay.due - REPAIR_SECONDS) * 1000 - to >= 3000) // and a fan-out
  })

  test('can be deleted, and its secret rotated, as soon as it is created', async () => {
    const made = await Promise.all(
      [1, 2, 3, 4, 5, 6].map(() =>
        client.subscribe({ endPoint: hook(), resourceFilter: RESOURCE }),
      ),
    )
    await Promise.all(made.map(({ id }) => client.requestJson(200, 'POST', `/${id}/secret`)))
    await Promise.all(made.map(({ id }) => client.requestJson(200, 'DELETE', `/${id}`)))
  })

  test('signs with its secret, and after a rotation with the previous one too', async () => {
    const filters = { resourceFilter: RESOURCE, typeFilter: 'rotation' }
    const endPoint = hook()
    const { id, secret: first = '' } = await client.subscribed({ endPoint, ...filters })
    const rotated = await client.requestJson(200, 'POST', `/${id}/secret`)
    assert.deepEqual(Object.keys(rotated), ['id', 'secret'])
    assert.equal(rotated.id, id)
    const published = await app.publish({ ...exampleEvent, type: 'rotation' })
    const event: unknown = await published.json()
    const { body, headers } = await receiver.waitFor(
      ({ path, event: got }) => endPoint.endsWith(path) && got?.id === event,
      scaleTimeout(10),
    )
    assert.equal(headers['webhook-signature']?.split(' ').length, 2)
    for (const secret of [first, String(rotated.secret)]) new Webhook(secret).verify(body, headers) // throws where it does not verify
    const stranger = `whsec_${Buffer.alloc(32).toString('base64')}`
    assert.throws(() => new Webhook(stranger).verify(body, headers))
  })

  test('has at most five secrets, the newest, however often they are rotated', async () => {
    const { id } = await client.subscribe({ endPoint: hook(), resourceFilter: RESOURCE })
    const rotate = () => client.requestJson(200, 'POST', `/${id}/secret`)
    const rotated: string[] = []
    for (let time = 0; time < 7; time++) rotated.push(String((await rotate()).secret))
    const documents = await stores.documents<SubscriptionDocument | Tombstone>('subscriptions')
    const found = documents.find((each) => 'secrets' in each && each.number === id)
    const kept = found !== undefined && 'secrets' in found ? found.secrets : []
    assert.deepEqual(
      kept.map(({ key }) => key),
      rotated.toReversed().slice(0, 5),
    )
  })
})
