// What a run of a sweep costs beside a large backlog.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { newDelivery } from '../../shared/deliveries/delivery.ts'
import { deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { documentAt } from '../support/stored-events.ts'
import { storeAll } from '../support/stored-items.ts'
import { usageOf } from '../support/stored-work.ts'
import type { App } from '../support/subscriber.ts'
import { useSweepingApp } from './sweeping-app.ts'

const skip = deployedUrl !== undefined && 'it counts what the stores are asked'
const MANY = Number(process.env['OVERDUE'] ?? 200)
const startShared = useSweepingApp()
let stores: TestStores
let app: App
before(async () => {
  if (skip === false) ({ stores, app } = await startShared())
})

const subscriber = { number: 1, consumer: '/org/ttd', id: 'document-1' }

function addOverdue(count: number): Promise<void> {
  const deliveries = Array.from({ length: count }, (_, index) => {
    const delivery = newDelivery(documentAt(Date.now()), subscriber)
    return { ...delivery, state: 'waiting', due: index + 1 }
  })
  return storeAll(stores, 'deliveries', deliveries)
}

/** Runs the sweep. Returns how many it sent, and the request units in `deliveries`. */
async function sweep(): Promise<{ sent: number; units: number }> {
  const lines = () => app.lines.filter((line) => line.includes('"sweep.done"'))
  const [earlier, charged] = [lines().length, await charge()]
  await app.runTimer('sweep-deliveries')
  const line = await eventually('the end of the sweep', () => lines()[earlier], 40)
  const { sent } = Object(JSON.parse(line.replace(/^[^{]*/, '')))
  return { sent: Number(sent), units: (await charge()) - charged }
}

const charge = async () => (await usageOf(stores, 'deliveries'))?.charge ?? 0

test(
  'a delivery is claimed for the same with hundreds overdue as with ten',
  { skip },
  async (t) => {
    await addOverdue(10)
    const few = await sweep()
    assert.equal(few.sent, 10)
    await addOverdue(MANY)
    const many = await sweep()
    const costs = [few, many].map(({ sent, units }) => units / sent)
    t.diagnostic(`${costs.map((cost) => cost.toFixed(2)).join(' and ')} RU, ${many.sent} sent`)
    assert.ok(many.sent >= 100 && many.sent <= MANY)
    const [ofFew = NaN, ofMany = NaN] = costs
    assert.ok(ofMany / ofFew < 1.1 && ofMany > 5, `${ofMany} RU, ${ofFew} RU`)
  },
)
