import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { waitForState } from '../support/stored-work.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'

const skip = deployedUrl !== undefined && 'it needs stores and a retry schedule of its own'
const startShared = useApp({ settings: { DELIVERY_RETRY_SECONDS: '1,1,1,1,1,1' } })
let stores: TestStores
let receiver: Receiver
let app: App
before(async () => {
  ;({ stores, receiver, app } = await startShared())
})

let apps = 0
async function orderedSubscriber() {
  const own = await createOwnApp(app, receiver, `ordered-${apps++}`)
  const made = await own.client.subscribed({
    endPoint: `${receiver.url}${own.path}`,
    resourceFilter: `urn:altinn:resource:app_ttd_${own.name}`,
    ordered: true,
  })
  assert.equal(Object(made).ordered, true)
  /** The events of a subject that came, with their numbers. */
  const came = (subject: string) =>
    own
      .arrivals()
      .filter(({ event }) => event?.subject === subject)
      .map(({ event, headers }) => [event?.id, headers['webhook-sequence']])
  return { ...own, id: made.id, came }
}

test(
  'an ordered subscription gets the events of a subject in order, numbered, each after the one before',
  { skip },
  async () => {
    const own = await orderedSubscriber()
    const subject = '/party/1'
    let failures = 0
    receiver.behave(({ event }) => {
      const isFirst = event?.id === own.came(subject)[0]?.[0]
      const fails = isFirst && (failures < 2 || own.came('/party/2').length === 0)
      if (fails) failures++
      return { status: fails ? 500 : 200 }
    }, own.path)
    const first = await own.publish({ subject })
    const [second, third] = [await own.publish({ subject }), await own.publish({ subject })]
    const other = await own.publish({ subject: '/party/2' }) // which is not held up
    await own.allArrived([first, second, third, other], 60)
    assert.ok(failures >= 2)
    assert.deepEqual(own.came(subject), [
      ...Array.from({ length: failures + 1 }, () => [first, '1']),
      [second, '2'],
      [third, '3'],
    ])
    assert.deepEqual(own.came('/party/2'), [[other, '1']])
    await waitForState(stores, own.id, third, 'delivered')
    const { deliveries } = await own.client.deliveries(own.id)
    assert.equal(Object(deliveries.find((each) => each.event === third)).sequence, 3)
  },
)

test('a dead delivery lets the next of its subject go', { skip }, async () => {
  const own = await orderedSubscriber()
  const subject = '/party/3'
  const isFirst = (id: string | undefined) => id === own.came(subject)[0]?.[0]
  receiver.behave(({ event }) => ({ status: isFirst(event?.id) ? 500 : 200 }), own.path)
  const first = await own.publish({ subject })
  const second = await own.publish({ subject })
  await own.arrived(second, 60)
  await waitForState(stores, own.id, second, 'delivered')
  await waitForState(stores, own.id, first, 'dead')
  assert.deepEqual(own.came(subject).at(-1), [second, '2'])
})

test('an event waits for an earlier one whose fan-out comes later', { skip }, async () => {
  const own = await orderedSubscriber()
  const subject = '/party/4'
  const { fanOut: _fanOut, ...earlier } = documentAt(Date.now(), { app: own.name, subject })
  await store(stores, [{ ...earlier, pending: 1 }]) // its message was lost
  const later = await own.publish({ subject })
  await waitForState(stores, own.id, later, 'backlog')
  await own.arrived(await own.publish({ subject: '/party/5' })) // by a drain that has met the later one
  assert.deepEqual(own.came(subject), [])
  await app.runTimer('sweep-events')
  await own.allArrived([earlier.id, later], 60)
  assert.deepEqual(own.came(subject), [
    [earlier.id, '1'],
    [later, '2'],
  ])
  await eventually('the circuit closes', async () => {
    const { circuit } = await own.read(own.id)
    return circuit.state === 'closed' && circuit.waiting === '0'
  })
})
