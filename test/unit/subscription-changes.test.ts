import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { changesIn, type Change } from '../../shared/subscriptions/subscription-changes.ts'
import { createSubscriptionIndex } from '../../shared/subscriptions/subscription-index.ts'
import { createTestStores, deployedUrl } from '../support/stores.ts'
import { subscription, tombstone, VALIDATED } from './subscription-fixture.ts'

const skip = deployedUrl !== undefined && 'needs a store of its own'
test('the indexes serve the query: every change, and not the counter', { skip }, async () => {
  const stores = await createTestStores()
  const container = stores.container('subscriptions')
  const source = 'https://ttd.apps.altinn.no/ttd/app'
  const circuit: Circuit = { state: 'disabled', reason: '410', since: VALIDATED }
  const documents = [
    { id: 'counter', consumer: 'counter', last: 2 },
    subscription(1, { filters: { source }, circuit, replay: 'nobody needs it' }),
    tombstone(2),
  ]
  for (const document of documents) await container.items.create(document)
  const changedSince = changesIn(container)
  const readSince = async (since: number) => {
    const changes: Change[] = []
    for await (const page of changedSince(since)) changes.push(...page)
    return changes
  }
  const read = await readSince(0)
  assert.deepEqual(
    read.map(({ number }) => number),
    [1, 2],
  )
  assert.equal(JSON.stringify(read).includes('nobody needs it'), false)
  const entry = (await createSubscriptionIndex({ changedSince }).current()).get(1)
  assert.deepEqual([entry?.source, entry?.circuit], [source, circuit])
  assert.equal(entry?.secrets, 'secret')
  assert.ok((entry?.version ?? 0) > 1_700_000_000)
  assert.deepEqual(await readSince((entry?.version ?? 0) + 60), [])
})
