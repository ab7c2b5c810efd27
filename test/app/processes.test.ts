import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { App } from '../support/subscriber.ts'

// As on Flex Consumption: HTTP functions and each queue function on instances of their own.
const skip = deployedUrl !== undefined && 'the processes must be its own'
const settings = { REPAIR_AFTER_SECONDS: '2' }
let stores: TestStores
let http: App
let fanOut: App
before(async () => {
  stores = await createTestStores()
  ;[http, fanOut] = await Promise.all([
    startApp(stores, { settings, functions: ['publish-event', 'health', 'sweep-events'] }),
    startApp(stores, {
      settings,
      functions: ['fan-out-event', 'keep-poison-events-inbound'],
      readsPoison: true,
    }),
  ])
})
after(() => Promise.all([http.stop(), fanOut.stop()]))

async function areFannedOut(ids: unknown[]): Promise<boolean> {
  const documents = await stores.documents<EventDocument>('events')
  const done = new Set(documents.filter((one) => one.fanOut !== undefined).map((one) => one.id))
  return ids.every((id) => done.has(String(id)))
}

/** Sweeps until what is left is overdue and has been sent again. */
const sweptAndFannedOut = (ids: unknown[]) =>
  eventually(
    'all fanned out',
    async () => {
      await http.runTimer('sweep-events')
      await sleep(300) // a sweep takes its time from what it has sent
      return areFannedOut(ids)
    },
    20,
  )

test('one process fans out an event published in another', { skip }, async () => {
  const id: unknown = await (await http.publish()).json()
  await eventually('fanned out', () => areFannedOut([id]))
  await eventually('its log line', () =>
    fanOut.lines.some((line) => line.includes('event.fanned_out') && line.includes(String(id))),
  )
  assert.equal(
    http.lines.some((line) => line.includes('event.fanned_out')),
    false,
  )
})

test(
  'fans out every event although all queues are cleared in the middle of a run',
  { skip },
  async () => {
    const ids = await Promise.all(
      Array.from({ length: 60 }, async (_, party): Promise<unknown> => {
        await sleep(party * 10)
        if (party % 15 === 0) await stores.queue('events-inbound').clearMessages()
        const answer = await http.publish({ ...exampleEvent, subject: `/party/${party}` })
        assert.equal(answer.status, 201)
        return answer.json()
      }),
    )
    await stores.queue('events-inbound').clearMessages()
    await sweptAndFannedOut(ids)
  },
)

test(
  'loses nothing when an instance is killed at work: the sweep hands its work to another',
  { skip },
  async () => {
    const doomed = await startApp(stores, { settings, functions: ['fan-out-event'] })
    const publishing = Array.from({ length: 40 }, (_, party) =>
      http.publish({ ...exampleEvent, subject: `/party/${party}` }),
    )
    await doomed.kill()
    const ids = await Promise.all(
      publishing.map(async (answer): Promise<unknown> => (await answer).json()),
    )
    await sweptAndFannedOut(ids)
  },
)
