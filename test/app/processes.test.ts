import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '../../local/example.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { createOwnApp, type OwnApp } from '../support/own-app.ts'
import { deployedUrl, eventually } from '../support/stores.ts'
import { useSeparateProcesses } from './separate-processes.ts'

const skip = deployedUrl !== undefined && 'the processes must be its own'
const startShared = useSeparateProcesses()
type Shared = Awaited<ReturnType<typeof startShared>>
let stores: Shared['stores']
let http: Shared['http']
let fanOut: Shared['fanOut']
let startWorker: Shared['startWorker']
let own: OwnApp
before(async () => {
  if (skip !== false) return
  const shared = await startShared()
  ;({ stores, http, fanOut, startWorker } = shared)
  own = await createOwnApp(http, shared.receiver, 'processes')
})

async function publish(party = 0): Promise<unknown> {
  const event = { ...exampleEvent, source: own.source, subject: `/party/${party}` }
  const answer = await http.publish(event, own.headers)
  assert.equal(answer.status, 201)
  return answer.json()
}
async function areFannedOut(ids: unknown[]): Promise<boolean> {
  const partitionKey = [`urn:altinn:resource:app_ttd_${own.name}`]
  const all = stores
    .container('events')
    .items.query<EventDocument>('SELECT c.id, c.fanOut FROM c', { partitionKey })
  const found = (await all.fetchAll()).resources.filter((one) => one.fanOut !== undefined)
  const done = new Set(found.map(({ id }) => id))
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
  const id = await publish()
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
      Array.from({ length: 40 }, async (_, party) => {
        await sleep(party * 10)
        if (party % 10 === 0) await stores.queue('events-inbound').clearMessages()
        return publish(party)
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
    const doomed = await startWorker()
    const publishing = Array.from({ length: 40 }, (_, party) => publish(party))
    await doomed.kill()
    await sweptAndFannedOut(await Promise.all(publishing))
  },
)
