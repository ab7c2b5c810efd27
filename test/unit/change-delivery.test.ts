import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancelled } from '../../shared/deliveries/delivery.ts'
import { changeDelivery } from '../../shared/flows/change-delivery.ts'
import { deliveryOf, SECOND, startFlows } from './flow-fixture.ts'

/** Cancels a delivery that someone else has written since it was read. Returns what is said of it, and the record. */
async function cancelWritten(written: Parameters<typeof deliveryOf>[1]) {
  const flows = startFlows()
  const before = { state: 'waiting' as const, due: SECOND }
  const [id = ''] = flows.deliveries(1, before)
  const read = flows.delivery(id) ?? assert.fail('no delivery')
  flows.containers.deliveries.replace(`1/${id}`, read._etag, () =>
    deliveryOf(id, { ...before, ...written }),
  )
  const changing = changeDelivery(flows.services, read, (delivery) => cancelled(delivery, 'x'))
  return { said: await flows.run(changing), record: flows.delivery(id) }
}

test('what the sweep has claimed since it was read is changed all the same', async () => {
  const { said, record } = await cancelWritten({ due: SECOND + 60, redrives: 1 })
  assert.deepEqual([said, record?.state, record?.reason], ['cancelled', 'cancelled', 'x'])
})

for (const written of [{ state: 'delivered' as const }, { run: 1 }, { attempt: 1 }])
  test(`what has moved on since it was read stays as it is: ${JSON.stringify(written)}`, async () => {
    const { said, record } = await cancelWritten(written)
    assert.equal(said, 'changed')
    const { state = 'waiting', run = 0, attempt = 0 }: Partial<typeof record> = written
    assert.deepEqual([record?.state, record?.run, record?.attempt], [state, run, attempt])
  })
