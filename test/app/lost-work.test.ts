import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { queueNames } from '../../shared/azure/definitions.ts'
import { createOwnApp, type OwnApp } from '../support/own-app.ts'
import { recordsOf } from '../support/stored-work.ts'
import { deployedUrl, eventually } from '../support/stores.ts'
import { sweeps, useSeparateProcesses } from './separate-processes.ts'

const skip = deployedUrl !== undefined && 'the processes and stores must be its own'
const startShared = useSeparateProcesses()
type Shared = Awaited<ReturnType<typeof startShared>>
let stores: Shared['stores']
let receiver: Shared['receiver']
let cosmos: Shared['cosmos']
let http: Shared['http']
let startWorker: Shared['startWorker']
before(async () => {
  if (skip === false) ({ stores, receiver, cosmos, http, startWorker } = await startShared())
})

let apps = 0
async function subscribedApp() {
  const own = await createOwnApp(http, receiver, `lost-${apps++}`)
  const { id } = await own.subscribe()
  await sleep(3100) // the index of the other process is at most 3 s old
  return { ...own, id }
}
/** Sweeps until what is left is overdue, has been sent again and has arrived. */
const sweptAndArrived = ({ arrivals }: OwnApp, events: string[]) =>
  eventually(
    'all arrived',
    async () => {
      await Promise.all(sweeps.map((sweep) => http.runTimer(sweep)))
      await sleep(500)
      return events.every((event) => arrivals(event).length > 0)
    },
    30,
  )

test(
  'delivers every event although all queues are cleared in the middle of a run',
  { skip },
  async () => {
    const own = await subscribedApp()
    const empty = () => Promise.all(queueNames(1).map((name) => stores.queue(name).clearMessages()))
    const events = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await sleep(index * 10)
        if (index % 10 === 5) await empty()
        return own.publish()
      }),
    )
    await empty()
    await sweptAndArrived(own, events)
  },
)

test('loses nothing when a worker is killed while it holds messages', { skip }, async () => {
  const own = await subscribedApp()
  receiver.behave({ delayMs: 300 }, own.path)
  const doomed = await startWorker()
  const events = await Promise.all(Array.from({ length: 30 }, () => own.publish()))
  await eventually('under way', () => own.arrivals().length > 0)
  await doomed.kill()
  await sweptAndArrived(own, events)
})

test(
  'a two-second outage of Cosmos DB makes no dead letter, and every event arrives',
  { skip },
  async (t) => {
    t.after(() => void (cosmos.plan = () => undefined))
    const own = await subscribedApp()
    const poison = await stores.documents('poison') // of files before
    const publishing = own.publishMany(30)
    cosmos.plan = () => ({ status: 503 })
    await sleep(2000)
    cosmos.plan = () => undefined
    await sweptAndArrived(own, await publishing)
    assert.deepEqual(await stores.documents('poison'), poison)
    const records = await recordsOf(stores, own.id)
    assert.ok(records.every(({ state }) => state !== 'dead'))
  },
)
