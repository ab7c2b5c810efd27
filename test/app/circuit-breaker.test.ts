import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startFaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { exampleEvent } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { createWorld, deployed, eventually } from '../support/stores.ts'

const skip = deployed !== undefined && 'it needs stores of its own'
const world = await createWorld()
const receiver = await startReceiver()
const cosmos = await startFaultProxy(world.settings.Cosmos)
const app = await startApp(world, {
  settings: {
    Cosmos: cosmos.connection,
    REPAIR_AFTER_SECONDS: '1',
    DELIVERY_TIMEOUT_SECONDS: '1',
    DELIVERY_RETRY_SECONDS: '1,1,1,1,1,1,1,1',
    'AzureWebJobs.sweep.Disabled': 'true', // the test says when
    AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
  },
})
after(() => Promise.all([app.stop(), receiver.stop(), cosmos.stop()]))

const [altinn] = await tokensOf('ttd', 'apps-test')
const headers = { Authorization: `Bearer ${altinn}`, 'Content-Type': 'application/json' }
const created = await fetch(`${app.api}/subscriptions`, {
  method: 'POST',
  headers,
  body: JSON.stringify({
    endPoint: `${receiver.url}/hook`,
    resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
  }),
})
const { id } = Object(await created.json())
const subscription = async () =>
  Object(await (await fetch(`${app.api}/subscriptions/${id}`, { headers })).json())
await eventually('validated', async () => (await subscription()).validated)

const publish = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, party) => {
      const answer = await app.publish({ ...exampleEvent, subject: `/party/${party + 1}` })
      assert.equal(answer.status, 201)
      return String(await answer.json())
    }),
  )
const hits = () => receiver.deliveries.filter(({ event }) => event?.subject !== undefined)
/** Sweeps, and again where a run failed, as the timer would. */
const sweep = async () => {
  const swept = () => app.lines.filter((line) => line.includes('"what":"sweep.done"')).length
  for (const before = swept(); swept() === before;) {
    await app.run('sweep')
    await eventually('swept', () => swept() > before, 8).catch(() => {})
  }
}
/** Waits until no message is left: what was under way when the pause began has ended. */
const quiet = () =>
  eventually(
    'no message is left',
    async () => {
      const queues = ['events-inbound', 'events-outbound', 'events-retry']
      const waiting = await Promise.all(queues.map((queue) => world.waiting(queue)))
      return waiting.every((count) => count === 0)
    },
    30,
  )
const pauseIsOver = async () => Date.parse((await subscription()).pausedUntil) <= Date.now()
const records = () => world.documents<DeliveryDocument>('deliveries')

test(
  'a subscriber that is down is paused, and gets its events 1, 10, 100, all when it is back',
  { skip },
  async () => {
    receiver.behave({ status: 503 })
    await publish(20)
    await eventually('paused', async () => (await subscription()).pausedUntil !== undefined)
    await publish(130)
    await eventually('all recorded', async () => (await records()).length === 150)
    await quiet()
    const whilePaused = hits().length
    assert.ok(whilePaused < 100, `${whilePaused} attempts at a subscriber that is down`)

    receiver.behave({ status: 200 })
    let before = whilePaused
    for (const released of [1, 10, 100]) {
      await eventually('the pause is over', pauseIsOver, 15)
      await sweep()
      await eventually(`${released} more`, () => hits().length >= before + released, 25)
      await quiet()
      assert.equal(hits().length, before + released)
      before = hits().length
    }
    await eventually('the last pause is over', pauseIsOver, 15)
    await sweep()
    assert.equal((await subscription()).pausedUntil, undefined)
    await eventually(
      'all delivered',
      async () => {
        await sweep()
        return (await records()).every(({ state }) => state === 'delivered')
      },
      30,
    )
    const perEvent = Map.groupBy(hits().slice(whilePaused), ({ event }) => event?.id)
    assert.ok(
      [...perEvent.values()].every((list) => list.length === 1),
      'each came once after the pause',
    )
    assert.equal((await subscription()).failingSince, undefined)
  },
)

test(
  'a two-second outage of Cosmos makes no dead letter, and everything arrives',
  { skip },
  async () => {
    const events = publish(30)
    cosmos.plan = () => ({ status: 503 })
    await sleep(2000)
    cosmos.plan = () => undefined
    const ids = new Set(await events)
    await eventually(
      'all arrived',
      async () => {
        await sweep()
        const seen = new Set(hits().map(({ event }) => event?.id))
        return [...ids].every((event) => seen.has(event))
      },
      30,
    )
    assert.deepEqual(await world.documents('poison'), [])
    assert.ok((await records()).every(({ state }) => state !== 'dead'))
  },
)
