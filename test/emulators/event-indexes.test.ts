import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CosmosClient, PartitionKeyDefinitionVersion, PartitionKeyKind } from '@azure/cosmos'
import { openEventStore } from '../../shared/events/event-store.ts'
import { createTestStores, deployedUrl } from '../support/stores.ts'

test(
  'serves no page without the composite indexes',
  { skip: deployedUrl !== undefined },
  async () => {
    const stores = await createTestStores()
    const bounds = { after: '', until: 'f', max: 50 }
    const client = new CosmosClient(stores.settings.Cosmos)
    const bare = client.database(`${stores.settings.COSMOS_DATABASE}bare`)
    await client.databases.create({ id: bare.id })
    await bare.containers.create({
      id: 'events',
      partitionKey: {
        paths: ['/resource', '/subject'],
        kind: PartitionKeyKind.MultiHash,
        version: PartitionKeyDefinitionVersion.V2,
      },
      indexingPolicy: { excludedPaths: [{ path: '/*' }] },
    })
    const scopes = [{ resource: 'x' }, { subject: 'x' }, { alternative: 'x' }]
    const indexed = openEventStore(client.database(stores.settings.COSMOS_DATABASE))
    for (const scope of [
      ...scopes,
      { resource: 'x', subject: 'x' },
      { resource: 'x', alternative: 'x' },
    ]) {
      await assert.rejects(
        openEventStore(bare).in(scope, bounds, () => true),
        { code: 400 },
      )
      assert.equal(await indexed.in(scope, bounds, () => true), undefined)
    }
  },
)
