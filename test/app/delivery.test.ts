import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver, type Behaviour, type Delivery } from '../../local/receiver.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { createWorld, deployed, eventually } from '../support/stores.ts'

// As on Flex Consumption: HTTP, fan-out and delivery on instances of their own.
const skip = deployed !== undefined && 'the processes must be its own'
const world = await createWorld()
const receiver = await startReceiver()
const settings = {
  REPAIR_AFTER_SECONDS: '2',
  DELIVERY_TIMEOUT_SECONDS: '1',
  DELIVERY_RETRY_SECONDS: '1,1,1',
  AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
}
const delivering = ['deliver-event', 'retry-delivery', 'validate-subscription', 'replay-deliveries']
const api = [
  'publish-event',
  'create-subscription',
  'read-subscription',
  'delete-subscription',
  'sweep',
]
const startDeliverer = () => startApp(world, { settings, functions: delivering })
const [http, fanOut, deliverer] = await Promise.all([
  startApp(world, { settings, functions: api }),
  startApp(world, { settings, functions: ['fan-out-event'] }),
  startDeliverer(),
])
after(() => Promise.all([http.stop(), fanOut.stop(), deliverer.stop(), receiver.stop()]))

let count = 0
/** A source of its own for each test, so that only its own subscriptions match. */
async function ownApp() {
  const app = `app-${count++}`
  const [altinn, platform] = await tokensOf('ttd', app)
  const authorization = { Authorization: `Bearer ${altinn}` }
  const source = exampleEvent.source.replace('apps-test', app)
  return {
    path: `/${app}`,
    async publish(more: object = {}): Promise<string> {
      const headers = { ...authorization, PlatformAccessToken: platform }
      const answer = await http.publish({ ...exampleEvent, source, ...more }, headers)
      assert.equal(answer.status, 201)
      return String(await answer.json())
    },
    /** Subscribes `path` of the receiver, and waits until it is validated and every process knows. */
    async subscribe({ wait = true } = {}) {
      const answer = await fetch(`${http.api}/subscriptions`, {
        method: 'POST',
        headers: { ...authorization, 'Content-Type': 'application/json' },
        body: JSON.stringify({
          endPoint: `${receiver.url}/${app}`,
          resourceFilter: `urn:altinn:resource:app_ttd_${app}`,
        }),
      })
      const created = Object(await answer.json())
      assert.equal(answer.status, 201, JSON.stringify(created))
      await eventually('validated', async () => (await this.read(created.id)).validated)
      if (wait) await sleep(3100) // the index of the fan-out process is at most 3 s old
      return { id: String(created.id), secret: String(created.secret) }
    },
    async read(id: string) {
      return Object(
        await (await fetch(`${http.api}/subscriptions/${id}`, { headers: authorization })).json(),
      )
    },
    remove: (id: string) =>
      fetch(`${http.api}/subscriptions/${id}`, { method: 'DELETE', headers: authorization }),
  }
}

const arrivals = (path: string, id?: string): Delivery[] =>
  receiver.deliveries.filter(
    (one) =>
      one.path === path &&
      one.event?.subject !== undefined &&
      (id === undefined || one.event.id === id),
  )
const arrived = (path: string, id: string, seconds?: number) =>
  eventually(`${id} at ${path}`, () => arrivals(path, id)[0], seconds)
const record = async (subscription: string, event: string) =>
  (await world.container('deliveries').item(event, [subscription, event]).read<DeliveryDocument>())
    .resource
const inState = (subscription: string, event: string, state: string, seconds?: number) =>
  eventually(
    `${event} ${state}`,
    async () => {
      const found = await record(subscription, event)
      return found?.state === state && found
    },
    seconds,
  )

async function patchSubscription(number: string, path: string, value: string): Promise<void> {
  const all = await world.documents<SubscriptionDocument>('subscriptions')
  const found = all.find((one) => String(one.number) === number)
  assert.ok(found)
  const item = world.container('subscriptions').item(found.id, found.consumer)
  await item.patch([{ op: 'set', path, value }])
}

/** Behaves as told for the first delivery, then well. */
function firstly(behaviour: Behaviour): (delivery: Delivery) => Behaviour {
  const seen = new Set<string>()
  return ({ path }) => {
    if (seen.has(path)) return {}
    seen.add(path)
    return behaviour
  }
}

test(
  'a published event arrives signed, traced and in the form of the original',
  { skip },
  async () => {
    const app = await ownApp()
    const { id, secret } = await app.subscribe()
    receiver.setSecret(secret)
    const event = await app.publish({ data: { a: [1, 'æ'] } })
    const { headers, body, verified } = await arrived(app.path, event)
    assert.equal(verified, true)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(headers['webhook-id'], event)
    assert.match(headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    const sent: unknown = JSON.parse(body)
    assert.deepEqual(Object(sent).data, { a: [1, 'æ'] })
    assert.equal(Object(sent).resource, `urn:altinn:resource:app_ttd_${app.path.slice(1)}`)
    const { attempts } = await inState(id, event, 'delivered')
    assert.equal(attempts.length, 1)
    assert.equal(attempts[0]?.status, 200)
  },
)

const suiteOptions = { skip, concurrency: true }
suite('each subscriber gets its events, whatever its endpoint does', suiteOptions, () => {
  test('an event published the moment a subscription is validated arrives, though indexes are older', async () => {
    const app = await ownApp()
    await app.subscribe({ wait: false })
    await arrived(app.path, await app.publish(), 40)
  })

  test('a message that comes twice is delivered once', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    const event = await app.publish()
    const delivery = await inState(id, event, 'delivered')
    const { resource, subject, traceparent } = delivery
    const message = {
      v: 1,
      event,
      resource,
      subject,
      subscription: id,
      run: 0,
      attempt: 0,
      traceparent,
    }
    await Promise.all([1, 2, 3].map(() => world.send('events-outbound', message)))
    await Promise.all(
      [1, 2].map(() =>
        world.send('events-inbound', { v: 1, event, resource, subject, traceparent }),
      ),
    )
    await sleep(1500)
    assert.equal(arrivals(app.path, event).length, 1)
  })

  test('a 503 is tried again after the ladder’s wait, with the same id and a fresh signature', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    receiver.behave(firstly({ status: 503, body: 'x'.repeat(5000) }), app.path)
    const event = await app.publish()
    const { attempts } = await inState(id, event, 'delivered')
    assert.deepEqual(
      attempts.map(({ status }) => status),
      [503, 200],
    )
    assert.equal(attempts[0]?.answer?.length, 200, 'earlier answers are cut')
    const [one, two] = arrivals(app.path, event)
    assert.equal(one?.headers['webhook-id'], two?.headers['webhook-id'])
    assert.ok(Number(two?.at) - Number(one?.at) >= 1000)
  })

  const outcomes = {
    'a hang': [{ does: 'hang' }, /^timeout/],
    'a reset': [{ does: 'reset' }, /^reset/],
    'a redirect': [{ status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 301],
  } satisfies Record<string, [Behaviour, RegExp | number]>
  for (const [what, [behaviour, seen]] of Object.entries(outcomes))
    test(`${what} is a failure that is tried again`, async () => {
      const app = await ownApp()
      const { id } = await app.subscribe()
      receiver.behave(behaviour, app.path)
      const event = await app.publish()
      const { attempts, due = 0 } = await eventually(`one attempt: ${what}`, async () => {
        const found = await record(id, event)
        return found?.attempt === 1 && found
      })
      if (typeof seen === 'number') assert.equal(attempts[0]?.status, seen)
      else assert.match(attempts[0]?.failure ?? '', seen)
      const wait = what === 'a hang' ? 60 : 1
      assert.ok(
        Math.abs(due - Date.now() / 1000 - wait - 2) < 3,
        `due in ${due - Date.now() / 1000} s`,
      )
    })

  for (const [form, header] of [
    ['seconds', () => '90'],
    ['a date', () => new Date(Date.now() + 90_000).toUTCString()],
  ] as const)
    test(`a 429 with Retry-After as ${form} is obeyed`, async () => {
      const app = await ownApp()
      const { id } = await app.subscribe()
      receiver.behave(() => ({ status: 429, headers: { 'retry-after': header() } }), app.path)
      const event = await app.publish()
      const { due = 0 } = await eventually('one attempt', async () => {
        const found = await record(id, event)
        return found?.attempt === 1 && found
      })
      assert.ok(Math.abs(due - Date.now() / 1000 - 90) < 4, `due in ${due - Date.now() / 1000} s`)
    })

  test('an answer of 5 MB is kept to 4 KB and does no harm', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    receiver.behave({ body: Buffer.alloc(5_000_000, 'a') }, app.path)
    const { attempts } = await inState(id, await app.publish(), 'delivered')
    assert.equal(attempts[0]?.answer?.length, 4096)
  })

  test('a 410 disables the subscription; what waits for it is dead with that reason', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    receiver.behave({ status: 410 }, app.path)
    const event = await app.publish()
    await inState(id, event, 'dead')
    await eventually('disabled', async () => (await app.read(id)).disabled?.reason === '410')
    await sleep(3100)
    const before = arrivals(app.path).length
    await app.publish()
    await sleep(1000)
    assert.equal(arrivals(app.path).length, before, 'a disabled subscription matches nothing')
  })

  test('a 200 with webhook-delivery: disable is delivered, and the last', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    receiver.behave({ headers: { 'webhook-delivery': 'disable' } }, app.path)
    await inState(id, await app.publish(), 'delivered')
    const { reason } = await eventually('disabled', async () => (await app.read(id)).disabled)
    assert.equal(reason, 'disabled by webhook-delivery header')
  })

  test('after five days of only failures a subscription is disabled, and says why and since when', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    const failingSince = new Date(Date.now() - 5 * 86_400_000 - 1000).toISOString()
    await patchSubscription(id, '/failingSince', failingSince)
    receiver.behave({ status: 503 }, app.path)
    const event = await app.publish()
    const { reason, since } = await eventually(
      'disabled',
      async () => (await app.read(id)).disabled,
    )
    assert.equal(reason, `only failures since ${failingSince}`)
    assert.ok(Date.now() - Date.parse(since) < 60_000, `since ${since}`)
    const dead = await inState(id, event, 'dead')
    assert.equal(dead.reason, `the subscription is disabled: ${reason}`)
  })

  test('at the end of the ladder a delivery is dead, and says why', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    receiver.behave({ status: 500 }, app.path)
    const { reason, attempts } = await inState(id, await app.publish(), 'dead', 15)
    assert.equal(attempts.length, 4)
    assert.equal(reason, 'gave up after 4 attempts: answered 500')
  })

  test('deleting a subscription cancels what waits for it', async () => {
    const app = await ownApp()
    const { id } = await app.subscribe()
    receiver.behave({ status: 503 }, app.path)
    const event = await app.publish()
    await eventually('one attempt', async () => (await record(id, event))?.attempt === 1)
    assert.equal((await app.remove(id)).status, 200)
    await inState(id, event, 'cancelled')
  })

  test('an event of 1 MB arrives whole, one of a byte more is refused', async () => {
    const app = await ownApp()
    await app.subscribe()
    const size =
      Buffer.byteLength(JSON.stringify({ ...exampleEvent, data: '' })) +
      app.path.length -
      '/apps-test'.length
    const data = 'x'.repeat(1_048_576 - size)
    const event = await app.publish({ data })
    const { body } = await arrived(app.path, event)
    assert.equal(Object(JSON.parse(body)).data, data)
    await assert.rejects(app.publish({ data: `${data}x` }), /413/)
  })
})

test('all queues emptied in the middle of a run, and every event arrives', { skip }, async () => {
  const app = await ownApp()
  await app.subscribe()
  const names = ['events-inbound', 'events-outbound', 'events-retry']
  const empty = () => Promise.all(names.map((name) => world.queue(name).clearMessages()))
  const events = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      await sleep(index * 10)
      if (index % 10 === 5) await empty()
      return app.publish()
    }),
  )
  await empty()
  await eventually(
    'all arrived',
    async () => {
      await http.run('sweep')
      await sleep(500)
      return events.every((event) => arrivals(app.path, event).length > 0)
    },
    30,
  )
})

test('a worker that is killed while it holds messages loses nothing', { skip }, async () => {
  const app = await ownApp()
  await app.subscribe()
  receiver.behave({ delayMs: 300 }, app.path)
  const doomed = await startDeliverer()
  const events = await Promise.all(Array.from({ length: 30 }, () => app.publish()))
  await eventually('under way', () => arrivals(app.path).length > 0)
  await doomed.kill()
  await eventually(
    'all arrived',
    async () => {
      await http.run('sweep')
      await sleep(500)
      return events.every((event) => arrivals(app.path, event).length > 0)
    },
    30,
  )
})
