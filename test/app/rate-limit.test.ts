import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOwnApp } from '../support/own-app.ts'
import { useApp } from '../support/share.ts'

const startShared = useApp()
const LIMIT = 10
const EVENTS = 25

test('a subscription with a rate limit gets its events no faster than that, and all of them', async () => {
  const { app, receiver } = await startShared()
  const own = await createOwnApp(app, receiver, 'limited')
  const request = {
    endPoint: `${receiver.url}${own.path}`,
    resourceFilter: 'urn:altinn:resource:app_ttd_limited',
  }
  const made = await own.client.subscribed({ ...request, maxPerSecond: LIMIT })
  assert.equal(Object(made).maxPerSecond, LIMIT)
  const began = Date.now()
  await own.allArrived(await own.publishMany(EVENTS), 60)
  // How many come in each second is shown in virtual time (test/unit): here a busy machine may bunch them up.
  const seconds = (Date.now() - began) / 1000
  assert.ok(seconds >= EVENTS / LIMIT, `all in ${seconds} s`)
  const changed = await own.client.subscribe(request)
  assert.deepEqual([changed.id, Object(changed).maxPerSecond], [made.id, undefined])
})
