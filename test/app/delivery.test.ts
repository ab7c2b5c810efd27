import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import { type Behaviour, type Delivery } from '../../local/receiver.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import type { CircuitResource, App } from '../support/subscriber.ts'
import {
  replayFirstSeconds,
  updateStored,
  waitForState,
  waitForRecord,
} from '../support/stored-work.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { useSeparateProcesses } from './separate-processes.ts'

const skip = deployedUrl !== undefined && 'the processes must be its own'
const startShared = useSeparateProcesses()
let stores: TestStores
let receiver: Receiver
let http: App
let retries: App
before(async () => {
  if (skip === false) ({ stores, receiver, http, retries } = await startShared())
})

let count = 0
/** An app with a subscriber that every process knows: the index of the one that fans out is at most 3 s old. */
async function subscribedApp({ wait = true } = {}) {
  const own = await createOwnApp(http, receiver, `app-${count++}`)
  const { id, secret = '' } = await own.subscribe()
  if (wait) await sleep(3100)
  return { ...own, id, secret }
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
const attempted = (id: number, event: string) =>
  waitForRecord('attempted', stores, [id, event], ({ attempt }) => attempt === 1)
const disabled = (own: {
  id: number
  read: (id: number) => Promise<{ circuit: CircuitResource }>
}) =>
  eventually('disabled', async () => {
    const { circuit } = await own.read(own.id)
    return circuit.state === 'disabled' && circuit
  })
test(
  'delivers a published event signed, traced and in the form of the original',
  { skip },
  async () => {
    const { id, secret, path, publish, arrived } = await subscribedApp()
    receiver.setSecret(secret)
    const event = await publish({ data: { a: [1, 'æ'] } })
    const { headers, body, verified } = await arrived(event)
    assert.equal(verified, true)
    assert.equal(headers['content-type'], 'application/json; charset=utf-8')
    assert.equal(headers['webhook-id'], event)
    assert.match(headers['traceparent'] ?? '', /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    const sent: unknown = JSON.parse(body)
    assert.deepEqual(Object(sent).data, { a: [1, 'æ'] })
    assert.equal(Object(sent).resource, `urn:altinn:resource:app_ttd_${path.slice(1)}`)
    const { attempts } = await waitForState(stores, id, event, 'delivered')
    assert.equal(attempts.length, 1)
    assert.equal(attempts[0]?.status, 200)
  },
)

const suiteOptions = { skip, concurrency: true }
suite('deliveries to each kind of endpoint', suiteOptions, () => {
  test('delivers an event published the moment a subscription is validated, although indexes are older', async () => {
    const { id, publish, arrived } = await subscribedApp({ wait: false })
    const event = await publish()
    await replayFirstSeconds(stores, id)
    await arrived(event)
  })

  test('delivers once when a message comes twice', async () => {
    const { id, publish, arrivals } = await subscribedApp()
    const event = await publish()
    const { resource, subject, traceparent } = await waitForState(stores, id, event, 'delivered')
    const reference = { v: 1, event, resource, subject, traceparent }
    const message = { ...reference, subscription: String(id), run: 0, attempt: 0 }
    await Promise.all([1, 2, 3].map(() => stores.send('events-retry', message)))
    await Promise.all([1, 2].map(() => stores.send('events-inbound', reference)))
    const dropped = (line: string) => line.includes(event) && line.includes('"ended":"dropped"')
    await eventually('all are processed', async () => {
      const isEmpty = (await stores.countMessages('events-inbound')) === 0
      return isEmpty && retries.lines.filter(dropped).length === 3
    })
    assert.equal(arrivals(event).length, 1)
  })

  test('retries a 503 after the wait of the schedule, with the same id and a fresh signature', async () => {
    const { id, path, publish, arrivals } = await subscribedApp()
    receiver.behave(firstly({ status: 503, body: 'x'.repeat(5000) }), path)
    const event = await publish()
    const { attempts } = await waitForState(stores, id, event, 'delivered')
    assert.deepEqual(
      attempts.map(({ status }) => status),
      [503, 200],
    )
    assert.equal(attempts[0]?.answer?.length, 200, 'earlier answers are cut')
    const [one, two] = arrivals(event)
    assert.equal(one?.headers['webhook-id'], two?.headers['webhook-id'])
    assert.ok(Number(two?.at) - Number(one?.at) >= 1000)
  })

  const outcomes = {
    'a hang': [{ does: 'hang' }, /^timeout/],
    'a reset': [{ does: 'reset' }, /^reset/],
    'a redirect': [{ status: 301, headers: { location: 'http://127.0.0.1:1/' } }, 301],
  } satisfies Record<string, [Behaviour, RegExp | number]>
  for (const [what, [behaviour, seen]] of Object.entries(outcomes))
    test(`retries after ${what}`, async () => {
      const { id, path, publish } = await subscribedApp()
      receiver.behave(behaviour, path)
      const { attempts, due = 0 } = await attempted(id, await publish())
      if (typeof seen === 'number') assert.equal(attempts[0]?.status, seen)
      else assert.match(attempts[0]?.failure ?? '', seen)
      const wait = what === 'a hang' ? 60 : 1
      assertDue(attempts, due - 2, wait)
    })

  for (const [form, header] of [
    ['seconds', () => '90'],
    ['a date', () => new Date(Date.now() + 90_000).toUTCString()],
  ] as const)
    test(`honours Retry-After as ${form} with a 429`, async () => {
      const { id, path, publish } = await subscribedApp()
      receiver.behave(() => ({ status: 429, headers: { 'retry-after': header() } }), path)
      const { attempts, due = 0 } = await attempted(id, await publish())
      assertDue(attempts, due, 90)
    })

  /** The next attempt is so many seconds after the last one was recorded: between its end and now, which a busy machine parts. */
  function assertDue(attempts: { at: string; ms: number }[], due: number, seconds: number): void {
    const { at = '', ms = 0 } = attempts.at(-1) ?? {}
    const [longest, shortest] = [due - (Date.parse(at) + ms) / 1000, due - Date.now() / 1000]
    assert.ok(longest > seconds - 1.5, `due in ${longest} s, not ${seconds}`)
    assert.ok(shortest < seconds + 1.5, `still due in ${shortest} s, not ${seconds}`)
  }

  test('keeps 4 KB of an answer of 5 MB', async () => {
    const { id, path, publish } = await subscribedApp()
    receiver.behave({ body: Buffer.alloc(5_000_000, 'a') }, path)
    const { attempts } = await waitForState(stores, id, await publish(), 'delivered')
    assert.equal(attempts[0]?.answer?.length, 4096)
  })

  test('disables the subscription after a 410; its open deliveries die with that reason', async () => {
    const own = await subscribedApp()
    receiver.behave({ status: 410 }, own.path)
    const { reason } = await waitForState(stores, own.id, await own.publish(), 'dead')
    assert.equal(reason, '410')
    assert.equal((await disabled(own)).reason, '410')
    await sleep(3100)
    const previous = own.arrivals().length
    await own.publish()
    await eventually(
      'it is fanned out',
      async () => (await stores.countMessages('events-inbound')) === 0,
    )
    assert.equal(own.arrivals().length, previous, 'a disabled subscription matches nothing')
  })

  test('counts a 200 with webhook-delivery: disable as delivered, and sends nothing more', async () => {
    const own = await subscribedApp()
    receiver.behave({ headers: { 'webhook-delivery': 'disable' } }, own.path)
    await waitForState(stores, own.id, await own.publish(), 'delivered')
    assert.equal((await disabled(own)).reason, 'disabled by webhook-delivery header')
  })

  test('disables a subscription after five days without a success, and shows why and since when', async () => {
    const own = await subscribedApp()
    const failingSince = new Date(Date.now() - 5 * 86_400_000 - 1000).toISOString()
    await updateStored(stores, own.id, (subscription) => ({
      ...subscription,
      circuit: { state: 'closed', opens: 0, failingSince, failedAt: new Date().toISOString() },
    }))
    receiver.behave({ status: 503 }, own.path)
    const began = Date.now()
    const event = await own.publish()
    const { reason, since = '' } = await disabled(own)
    assert.equal(reason, `only failures since ${failingSince}`)
    assert.ok(Date.parse(since) >= began && Date.parse(since) <= Date.now(), `since ${since}`)
    const dead = await waitForState(stores, own.id, event, 'dead')
    assert.equal(dead.reason, `the subscription is disabled: ${reason}`)
  })

  test('a delivery dies at the end of the retry schedule, and shows why', async () => {
    const { id, path, publish } = await subscribedApp()
    receiver.behave({ status: 500 }, path)
    const { reason, attempts } = await waitForState(stores, id, await publish(), 'dead', 15)
    assert.equal(attempts.length, 4)
    assert.equal(reason, 'gave up after 4 attempts: answered 500')
  })

  test('cancels the open deliveries of a deleted subscription', async () => {
    const { id, path, publish, remove } = await subscribedApp()
    receiver.behave({ status: 503, headers: { 'retry-after': '60' } }, path)
    const event = await publish()
    await attempted(id, event)
    await remove(id)
    const { reason } = await waitForState(stores, id, event, 'cancelled')
    assert.equal(reason, 'the subscription was deleted')
  })

  test('delivers an event of 1 MB whole, and rejects one byte more', async () => {
    const { path, publish, arrived } = await subscribedApp()
    const size =
      Buffer.byteLength(JSON.stringify({ ...exampleEvent, data: '' })) +
      path.length -
      '/apps-test'.length
    const data = 'x'.repeat(1_048_576 - size)
    const { body } = await arrived(await publish({ data }))
    assert.equal(Object(JSON.parse(body)).data, data)
    await assert.rejects(publish({ data: `${data}x` }), /413/)
  })
})
