import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { createOwnApp } from '../support/own-app.ts'
import { createTestStores } from '../support/stores.ts'

const LIMIT = 10
const EVENTS = 25

test('a subscription with a rate limit gets no more in any second, and everything', async (t) => {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  const app = await startApp(stores)
  t.after(() => Promise.all([app.stop(), receiver.stop()]))
  const own = await createOwnApp(app, receiver, 'limited')
  const request = {
    endPoint: `${receiver.url}${own.path}`,
    resourceFilter: 'urn:altinn:resource:app_ttd_limited',
  }
  const made = await own.client.subscribed({ ...request, maxPerSecond: LIMIT })
  assert.equal(Object(made).maxPerSecond, LIMIT)
  await own.allArrived(await own.publishMany(EVENTS), 60)
  const times = own.arrivals().map(({ at }) => at.getTime())
  const slack = 50 // ms by which one request may take longer to arrive than another
  const most = Math.max(
    ...times.map((from) => times.filter((at) => at >= from && at < from + 1000 - slack).length),
  )
  assert.ok(most <= LIMIT, `${most} in a second`)
  const changed = await own.client.subscribe(request)
  assert.deepEqual([changed.id, Object(changed).maxPerSecond], [made.id, undefined])
})
