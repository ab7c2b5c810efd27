import assert from 'node:assert/strict'
import { test } from 'node:test'
import { subscribe, unsubscribe } from '../../shared/flows/manage-subscriptions.ts'
import { isSubscription } from '../../shared/subscriptions/subscription.ts'
import { SECOND, startFlows } from './flow-fixture.ts'
import { RESOURCE } from './subscription-fixture.ts'

/** A subscription of a consumer, made by a request that can be repeated. */
async function startSubscribed() {
  const flows = startFlows()
  const { services, run } = flows
  const request = { endpoint: 'https://example.com/hook', filters: { resource: RESOURCE } }
  const post = (more: { ordered?: true; maxPerSecond?: number } = {}) =>
    run(subscribe(services, { consumer: '/org/ttd' }, { ...request, ...more }, 'https://api'))
  const { subscription } = await post()
  const find = async () => run(services.subscriptions.find('/org/ttd', subscription.id))
  const found = await find()
  assert.ok(isSubscription(found))
  return { ...flows, post, find, found }
}

test('a subscription that was just deleted is made anew, though a replica still shows it', async () => {
  const { services, run, post, find, found } = await startSubscribed()
  await run(unsubscribe(services, found))
  const { find: findNow } = services.subscriptions
  let reads = 0
  services.subscriptions.find = (consumer, id, session) =>
    reads++ === 0 ? Promise.resolve(found) : findNow(consumer, id, session)
  const { subscription, secret } = await post()
  const stored = await find()
  assert.ok(isSubscription(stored) && stored.number === subscription.number)
  assert.ok(stored.number > found.number)
  assert.equal(secret, stored.secrets[0]?.key)
})

test('a subscription is not stored over a later one that was made and deleted meanwhile', async () => {
  const { services, run, post, find, found } = await startSubscribed()
  await run(unsubscribe(services, found))
  services.subscriptions.nextNumber = () => Promise.resolve(found.number - 1)
  await assert.rejects(post(), { status: 503 })
  const stored = await find()
  assert.ok(stored !== undefined && 'deleted' in stored)
})

test('the same request changes rate limit and order; a change of order has what waits drained', async () => {
  const { post, find, sent } = await startSubscribed()
  const drains = () => sent.filter(({ queue }) => queue === 'drainQueue').length
  const stored = async () => {
    const found = await find()
    assert.ok(isSubscription(found))
    return [found.ordered, found.maxPerSecond, drains()]
  }
  await post({ maxPerSecond: 5 })
  assert.deepEqual(await stored(), [undefined, 5, 0])
  await post({ ordered: true })
  assert.deepEqual(await stored(), [true, undefined, 1])
  await post({ ordered: true, maxPerSecond: 7 })
  assert.deepEqual(await stored(), [true, 7, 1])
})

test('what stands behind others is drained where order is given up', async () => {
  const { services, run, post, find } = await startSubscribed()
  await post({ ordered: true })
  const found = await find()
  assert.ok(isSubscription(found))
  const lease = { token: 'old', until: SECOND + 600 }
  const circuit = { state: 'closing' as const, opens: 0, checks: 3, lease }
  await run(services.subscriptions.save({ ...found, circuit }))
  await post()
  const after = await find()
  assert.ok(isSubscription(after) && after.circuit?.state === 'draining')
})

test('an identical request says anew who permits the subscription, or that a built-in rule does', async () => {
  const { services, run, find, found } = await startSubscribed()
  const request = { endpoint: found.endpoint, filters: found.filters }
  const accessByAfter = async (accessBy?: 'grants' | 'policy') => {
    await run(subscribe(services, { consumer: '/org/ttd', accessBy }, request, 'https://api'))
    const stored = await find()
    assert.ok(isSubscription(stored) && stored.number === found.number)
    return stored.accessBy
  }
  assert.equal(found.accessBy, undefined)
  assert.equal(await accessByAfter('grants'), 'grants')
  assert.equal(await accessByAfter('policy'), 'policy')
  assert.equal(await accessByAfter(), undefined)
})
