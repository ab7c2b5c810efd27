import assert from 'node:assert/strict'
import { afterEach, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import type { Plan, FaultProxy } from '../../local/fault-proxy.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { sleepUntil, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'
import { useProxiedStores } from './proxied-stores.ts'

const skip = deployedUrl !== undefined && 'faults need stores of its own'

const startShared = useProxiedStores()
let stores: TestStores
let cosmos: FaultProxy
let queues: FaultProxy
let app: App
let calm: () => void
before(async () => {
  if (skip === false) ({ stores, cosmos, queues, app, calm } = await startShared())
})
afterEach(() => calm())

const SHARE = 40 // of a usual publish, 25 ms on a quiet machine: the tries are paid for by the budget, this by the clock's noise
const refuseAll: Plan = () => ({ status: 503 })
const creates =
  (plan: Plan): Plan =>
  (request) =>
    request.method === 'POST' && request.url.endsWith('/colls/events/docs')
      ? plan(request)
      : undefined
/** A plan that holds for the first `count` of the requests it is asked about. */
function first(count: number, plan: Plan): Plan {
  let seen = 0
  return (request) => (seen++ < count ? plan(request) : undefined)
}
const documents = async (subject: string) => {
  const partitionKey = ['urn:altinn:resource:app_ttd_apps-test', subject]
  const all = stores.container('events').items.query<EventDocument>('SELECT * FROM c', {
    partitionKey,
  })
  return (await all.fetchAll()).resources
}
const eventFor = (party: number, more: object = {}) => ({
  ...exampleEvent,
  subject: `/party/${party}`,
  ...more,
})
const timed = async (request: () => Promise<Response>) => {
  const start = performance.now()
  const answer = await request()
  return { answer, ms: performance.now() - start }
}
/** Asserts that an answer during an outage came in the time that the app allows itself, beside what the machine takes. */
async function assertPrompt(ms: number, budgetMs: number): Promise<void> {
  calm()
  const usual = await timed(() => app.publish(eventFor(1)))
  const limit = budgetMs + SHARE * usual.ms
  assert.ok(ms < limit, `${ms} ms, where ${limit} are allowed and a publish takes ${usual.ms}`)
}

const faults: Record<string, Plan> = {
  'a 429 that asks to wait 300 ms, four times': first(4, () => ({
    status: 429,
    headers: { 'x-ms-retry-after-ms': '300' },
  })),
  'a 503': first(1, () => ({ status: 503 })),
  'a 500': first(1, () => ({ status: 500 })),
  'a 408': first(1, () => ({ status: 408 })),
  'a 449': first(1, () => ({ status: 449 })),
  'a connection that is cut before': first(1, () => 'cut before'),
  'a connection that is cut after it was done': first(1, () => 'cut after'),
  'a hang': first(1, () => 'hang'),
}
for (const [index, [what, plan]] of Object.entries(faults).entries())
  test(`retries a create that meets ${what}, and stores it once`, { skip }, async () => {
    let met = 0
    cosmos.plan = creates((request) => {
      const fault = plan(request)
      if (fault !== undefined) met++
      return fault
    })
    const answer = await app.publish(eventFor(100 + index))
    assert.ok(met > 0)
    assert.equal(answer.status, 201)
    const id: unknown = await answer.json()
    const stored = await documents(`/party/${100 + index}`)
    assert.deepEqual(
      stored.map((one) => one.id),
      [id],
    )
  })

test(
  'spills a small event to the queue while Cosmos DB is down, and retries its message until it is stored',
  { skip },
  async () => {
    cosmos.plan = refuseAll
    const { answer, ms } = await timed(() => app.publish(eventFor(200)))
    assert.equal(answer.status, 201)
    const id: unknown = await answer.json()

    const sent: string[] = []
    queues.plan = ({ method, url }) => void (method === 'POST' && sent.push(url))
    const failed = (line: string) =>
      line.includes('cannot be stored yet') && line.includes(String(id))
    await eventually('a try that failed', () => app.lines.some(failed), 20)
    assert.deepEqual(await documents('/party/200'), [])

    cosmos.plan = () => undefined
    const [stored] = await eventually(
      'stored and fanned out',
      async () => {
        const found = await documents('/party/200')
        return found[0]?.fanOut !== undefined && found
      },
      20,
    )
    assert.equal(stored?.id, id)
    assert.deepEqual(
      sent.filter((url) => url.includes('/events-inbound/')),
      [],
    )
    await assertPrompt(ms, 4000)
  },
)

test(
  'responds 503 within 4 s to a large event, and to one with an idempotency key, while Cosmos DB is down',
  { skip },
  async () => {
    cosmos.plan = refuseAll
    const refused = await Promise.all([
      timed(() => app.publish(eventFor(201, { data: 'x'.repeat(49_152) }))),
      timed(() => app.publish(eventFor(202), { 'Idempotency-Key': 'k' })),
    ])
    for (const { answer } of refused) {
      assert.equal(answer.status, 503)
      assert.equal(answer.headers.get('retry-after'), '5')
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
    }
    assert.deepEqual([...(await documents('/party/201')), ...(await documents('/party/202'))], [])
    await assertPrompt(Math.max(...refused.map(({ ms }) => ms)), 4000)
  },
)

test('accepts no event while Cosmos DB and the queue are down', { skip }, async () => {
  cosmos.plan = refuseAll
  queues.plan = ({ method }) => (method === 'POST' ? { status: 503 } : undefined)
  assert.equal((await app.publish(eventFor(203))).status, 503)
})

test(
  'accepts events within one try while the queue is down, and the sweep sends them',
  { skip },
  async () => {
    queues.plan = ({ method }) => (method === 'POST' ? 'hang' : undefined)
    const { answer, ms } = await timed(() => app.publish(eventFor(300)))
    assert.equal(answer.status, 201)
    await assertPrompt(ms, 1500)
    await eventually('swept and fanned out', async () => {
      await app.runTimer('sweep-events')
      await sleep(150) // a sweep takes its time from what it has sent
      return (await documents('/party/300'))[0]?.fanOut !== undefined
    })
  },
)

test('the sweep claims nothing while the queue is down', { skip }, async () => {
  queues.plan = refuseAll
  await app.publish(eventFor(301))
  const [previous] = await documents('/party/301')
  const failures = () => app.lines.filter((line) => /error.*sweep/i.test(line)).length
  const earlier = failures()
  await sleepUntil(((previous?.pending ?? 0) + 1) * 1000) // it is overdue
  await app.runTimer('sweep-events')
  await eventually('sweep failed', () => failures() > earlier)
  assert.equal((await documents('/party/301'))[0]?.pending, previous?.pending)
})

test('health names the unavailable parts within 2 s', { skip }, async () => {
  cosmos.plan = () => 'hang'
  queues.plan = ({ url }) => (url.includes('/messages') ? undefined : 'hang') // who waits for messages would hang after the test
  const { answer, ms } = await timed(() => fetch(`${app.api}/health`))
  await assertPrompt(ms, 2000)
  assert.equal(answer.status, 503)
  assert.deepEqual(Object(await answer.json()).parts, {
    cosmos: 'does not answer',
    queue: 'events-inbound does not answer',
    'sweep-events': 'not known',
    'sweep-deliveries': 'not known',
    'sweep-subscriptions': 'not known',
    gauge: 'not known',
  })
})
