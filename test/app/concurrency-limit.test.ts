import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { DeliveryDocument } from '../../shared/deliveries/delivery.ts'
import { timeOf } from '../../shared/events/event-id.ts'
import { createInFlight } from '../../shared/webhooks/concurrency-limit.ts'
import { startApp } from '../support/app.ts'
import { clientOf, people, tokenOf } from '../support/subscriber.ts'
import { createWorld, deployed, eventually } from '../support/stores.ts'

test('of a hundred deliveries to a slow subscriber each is told a time of its own to come again', async () => {
  const inFlight = createInFlight()
  inFlight.took('slow', 3000)
  const began = await Promise.all([1, 2, 3, 4].map((work) => inFlight.begin('slow', String(work))))
  assert.deepEqual(began, ['begun', 'begun', 'begun', 'begun'])
  const waits: number[] = []
  for (let work = 5; work < 105; work++) {
    const told = await inFlight.begin('slow', String(work))
    assert.ok(typeof told === 'object')
    waits.push(told.full)
  }
  assert.ok(waits.every((seconds) => seconds > 5 && seconds <= 60))
  const within = (seconds: number) => waits.filter((each) => each <= seconds).length
  assert.ok(
    within(10) <= 8,
    `${within(10)} of a hundred come again within 10 s, where 7 can be sent`,
  )
  assert.ok(within(30) <= 36, `${within(30)} within 30 s, where 33 can be sent`)
})

test('the time before a request is sent is not taken for the subscriber’s', async () => {
  const inFlight = createInFlight()
  for (let work = 0; work < 24; work++)
    assert.equal(await inFlight.begin('quick', String(work)), 'begun')
  inFlight.sends('quick', '0')
  inFlight.end('quick', '0')
  assert.equal(await inFlight.begin('quick', '24'), 'begun')
})

const skip = deployed !== undefined && 'the sweep must be its own'
test(
  'what stands in line for a slow subscriber is sent no second message, and arrives once',
  { skip },
  async () => {
    const [world, receiver] = await Promise.all([createWorld(), startReceiver()])
    const app = await startApp(world, {
      settings: { REPAIR_AFTER_SECONDS: '1', 'AzureWebJobs.sweep.Disabled': 'true' },
    })
    after(() => Promise.all([app.stop(), receiver.stop()]))
    await clientOf(app, await tokenOf(people.ttd)).subscribed({
      endPoint: `${receiver.url}/hook`,
      resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
    })
    const got = () => receiver.deliveries.filter(({ event }) => event?.subject !== undefined)
    const records = () => world.documents<DeliveryDocument>('deliveries')
    const publish = (party: number) => app.publish({ ...exampleEvent, subject: `/party/${party}` })
    const lines = (what: string) => app.lines.filter((line) => line.includes(what))

    receiver.behave({ delayMs: 2200 })
    await publish(1)
    await eventually('the first', async () => (await records())[0]?.state === 'delivered', 20)
    await Promise.all([2, 3, 4, 5, 6, 7, 8, 9].map(publish))
    await eventually('some in line', () => lines('"ended":"busy"').length > 0, 20)
    receiver.behave({})
    const putOffBy = ({ id, due = 0 }: DeliveryDocument) => due - timeOf(id).getTime() / 1000
    const isPutOff = async () => (await records()).some((each) => putOffBy(each) >= 5)
    assert.ok(await isPutOff(), 'else the sweep would send a second message')
    await eventually(
      'all',
      async () => (await records()).every(({ state }) => state === 'delivered'),
      30,
    )
    assert.equal(got().length, 9)
  },
)
