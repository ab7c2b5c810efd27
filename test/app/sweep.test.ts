import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { createWorld, eventually } from '../support/stores.ts'

// Fan-out does not run here, so that what the sweep does can be seen.
const world = await createWorld()
const app = await startApp(world, {
  functions: ['publish-event', 'sweep', 'health'],
  settings: { 'AzureWebJobs.sweep.Disabled': 'true' }, // the test says when
})
after(app.stop)

const key = ['urn:altinn:resource:app_ttd_apps-test', exampleEvent.subject]
const read = async (id: string) =>
  (await world.container('events').item(id, key).read<EventDocument>()).resource
const gauges = () => app.lines.filter((line) => line.includes('"what":"gauge"'))
const swept = () => app.lines.filter((line) => line.includes('"what":"sweep.done"')).length

async function sweepOnce(): Promise<void> {
  const before = swept()
  await app.run('sweep')
  await eventually('swept', () => swept() > before)
}
async function makeOverdue(id: string): Promise<void> {
  await world
    .container('events')
    .item(id, key)
    .patch([{ op: 'set', path: '/pending', value: 1 }])
}

test('an event whose message was lost is sent again, once, and later each time', async () => {
  const id = String(await (await app.publish()).json())
  const queue = world.queue('events-inbound')
  await queue.clearMessages()
  await sweepOnce()
  assert.equal(await world.waiting('events-inbound'), 0, 'it is not overdue yet')

  for (const minutes of [1, 2, 4, 8, 16, 32, 60, 60]) {
    await makeOverdue(id)
    await Promise.all([sweepOnce(), sweepOnce()])
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

test('the gauge line says how old the oldest event is that is not fanned out', async () => {
  await sweepOnce()
  const gauge: unknown = JSON.parse(
    gauges()
      .at(-1)
      ?.replace(/^[^{]*/, '') ?? '',
  )
  assert.ok(Object(gauge).oldestPendingSeconds >= 0)
  assert.equal(Object(gauge).poisonMessages, 0)
})

test('a sweep that has done its work leaves a heartbeat, on which health rests', async () => {
  await world.container('requests').item('sweep', 'sweep').delete()
  const unwell = await eventually('unwell', async () => {
    const answer = await fetch(`${app.api}/health`)
    return answer.status === 503 && answer.json()
  })
  assert.deepEqual(unwell, {
    status: 'unwell',
    parts: { cosmos: 'well', queue: 'well', sweep: 'has not run yet' },
  })
  await sweepOnce()
  const well = await eventually(
    'well',
    async () => (await fetch(`${app.api}/health`)).status === 200,
  )
  assert.ok(well)
})
