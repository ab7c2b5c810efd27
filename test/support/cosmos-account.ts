import { CosmosClient } from '@azure/cosmos'

/** The account, or other emulator, that whoever runs a proof names. */
export const configuredCosmos = process.env['Cosmos']

/**
 * From now on the worlds of this process (test/support/stores.ts) are databases of the given account; without one, of the emulator
 * as before. Gives what deletes them.
 */
export function useConfiguredAccount(): () => Promise<void> {
  if (configuredCosmos === undefined) return async () => {}
  const prefix = `p${Date.now().toString(36)}`
  Object.assign(process.env, { TEST_COSMOS: configuredCosmos, TEST_PREFIX: prefix })
  const client = new CosmosClient(configuredCosmos)
  return async () => {
    const { resources } = await client.databases.readAll().fetchAll()
    const ours = resources.filter(({ id }) => id.startsWith(prefix))
    await Promise.all(ours.map(({ id }) => client.database(id).delete()))
  }
}
