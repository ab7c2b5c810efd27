import { CosmosClient } from '@azure/cosmos'
import { canProxy } from '../../local/fault-proxy.ts'
import { INBOUND_COUNT } from './stores.ts'
import { createResources } from '../../local/resources.ts'
import { startStack } from '../../local/stack.ts'
import { configuredCosmos } from '../support/cosmos-account.ts'
import type { BackingServices } from './environment.ts'

/** Whether a fault proxy can be put in front of Cosmos DB: only of an emulator at 127.0.0.1. */
export const canFaultCosmos = configuredCosmos === undefined || canProxy(configuredCosmos)

/** Runs `work` with its own emulators and token issuer. With `Cosmos` set, it uses a new database there, and deletes it. */
export async function withBackingServices<T>(
  name: string,
  work: (services: BackingServices) => Promise<T>,
): Promise<T> {
  const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0, register: 0 })
  const { cosmos: emulator, storage } = stack.emulators
  const cosmos = configuredCosmos ?? emulator
  const database = `proof-${name}-${Date.now()}`
  try {
    await createResources({ cosmos, storage, database }, INBOUND_COUNT)
    const stores = {
      AzureWebJobsStorage: storage,
      Cosmos: cosmos,
      COSMOS_DATABASE: database,
      QueueStorage: storage,
    }
    return await work({ stores, issuer: stack.issuer })
  } finally {
    if (configuredCosmos !== undefined)
      await new CosmosClient(configuredCosmos).database(database).delete()
    await stack.stop()
  }
}
