import { CosmosClient } from '@azure/cosmos'
import { canProxy } from '../../local/fault-proxy.ts'
import { createResources } from '../../local/resources.ts'
import { startStack } from '../../local/stack.ts'
import { configuredCosmos } from '../support/cosmos-account.ts'
import type { BackingServices } from './environment.ts'

/** Whether Cosmos DB can have faults: no proxy can stand before an account, nor before what is not at 127.0.0.1. */
export const canFaultCosmos = configuredCosmos === undefined || canProxy(configuredCosmos)

/** Does `work` on emulators and a token issuer of its own; with `Cosmos` set, in a database of its own there. */
export async function withBackingServices<T>(
  name: string,
  work: (services: BackingServices) => Promise<T>,
): Promise<T> {
  const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
  const { cosmos: emulator, storage } = stack.emulators
  const [cosmos, database] = [configuredCosmos ?? emulator, `proof-${name}-${Date.now()}`]
  try {
    await createResources({ cosmos, storage, database })
    const named = { AzureWebJobsStorage: storage, Cosmos: cosmos, COSMOS_DATABASE: database }
    return await work({ stores: { ...named, QueueStorage: storage }, issuer: stack.issuer })
  } finally {
    if (configuredCosmos !== undefined)
      await new CosmosClient(configuredCosmos).database(database).delete()
    await stack.stop()
  }
}
