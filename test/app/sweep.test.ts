import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { timers } from '../../shared/telemetry/heartbeat-store.ts'
import { eventually, type TestStores } from '../support/stores.ts'
import { eventuallyByApi, type App } from '../support/subscriber.ts'
import { useSweepingApp } from './sweeping-app.ts'

const startShared = useSweepingApp()
let stores: TestStores
let app: App
before(async () => {
  ;({ stores, app } = await startShared())
})

const key = ['urn:altinn:resource:app_ttd_apps-test', exampleEvent.subject]
const read = async (id: string) =>
  (await stores.container('events').item(id, key).read<EventDocument>()).resource
const gauges = () => app.lines.filter((line) => line.includes('"what":"gauge"'))

/** Runs a timer so many times at once, and waits for the lines at their ends. */
async function run(timer: string, times = 1): Promise<void> {
  const isEnd = (line: string) =>
    line.includes(timer === 'gauge' ? '"what":"gauge"' : `"what":"sweep.done","sweep":"${timer}"`)
  const ends = () => app.lines.filter(isEnd).length
  const earlier = ends()
  await Promise.all(Array.from({ length: times }, () => app.runTimer(timer)))
  await eventually(`${timer} ran`, () => ends() === earlier + times)
}
async function makeOverdue(id: string): Promise<void> {
  await stores
    .container('events')
    .item(id, key)
    .patch([{ op: 'set', path: '/pending', value: 1 }])
}

test('sends an event whose message was lost again, once, and later each time', async () => {
  const id = String(await (await app.publish()).json())
  const queue = stores.queue('events-inbound')
  await queue.clearMessages()
  await run('sweep-events')
  assert.equal(await stores.countMessages('events-inbound'), 0, 'it is not overdue yet')

  for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
    await makeOverdue(id)
    await run('sweep-events', 2)
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32 })
    assert.equal(receivedMessageItems.length, 1, 'two sweeps at once send it once')
    const message: unknown = JSON.parse(
      Buffer.from(receivedMessageItems[0]?.messageText ?? '', 'base64').toString(),
    )
    assert.equal(Object(message).event, id)
    await queue.clearMessages()
    const due = ((await read(id))?.pending ?? 0) - Date.now() / 1000
    assert.ok(Math.abs(due - minutes * 60) < 5, `next in ${due} s, not ${minutes} min`)
  }
})

test('the gauge line has the age of the oldest event that is not fanned out', async () => {
  await run('gauge')
  const gauge: unknown = JSON.parse(
    gauges()
      .at(-1)
      ?.replace(/^[^{]*/, '') ?? '',
  )
  assert.ok(Object(gauge).oldestPendingSeconds >= 0)
  assert.equal(Object(gauge).poisonMessages, 0)
})

test('each timer leaves its own heartbeat after a run, which health reads', async () => {
  const beats = stores.container('requests')
  const forget = () =>
    Promise.all(
      timers.map((timer) =>
        beats
          .item(timer, timer)
          .delete()
          .catch(() => {}),
      ),
    )
  const healthIs = (parts: object, status = 503) =>
    eventuallyByApi(JSON.stringify(parts), async () => {
      const answer = await fetch(`${app.api}/health`)
      const told = Object(await answer.json()).parts
      return answer.status === status && isDeepStrictEqual(told, parts)
    })
  const storeParts = { cosmos: 'well', queue: 'well' }
  const statuses = new Map(timers.map((timer) => [timer, 'has not run yet']))
  await eventuallyByApi('the heartbeats are gone', async () => {
    await forget() // the last run may write its own after its line
    const answer = await fetch(`${app.api}/health`)
    const said = { ...storeParts, ...Object.fromEntries(statuses) }
    return answer.status === 503 && isDeepStrictEqual(Object(await answer.json()).parts, said)
  })
  for (const timer of timers) {
    await run(timer)
    statuses.set(timer, 'well')
    if (timer === 'sweep-events') await healthIs({ ...storeParts, ...Object.fromEntries(statuses) })
  }
  await healthIs({ ...storeParts, ...Object.fromEntries(statuses) }, 200)
  const head = await fetch(`${app.api}/health`, { method: 'HEAD' })
  assert.deepEqual([head.status, await head.text()], [200, ''])
})
