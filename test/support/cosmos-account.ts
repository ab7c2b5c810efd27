import { CosmosClient } from '@azure/cosmos'

/** The connection string of the account or emulator in the setting `Cosmos`, if any. */
export const configuredCosmos = process.env['Cosmos']

/**
 * From now on the stores of this process (test/support/stores.ts) are databases of the given account; without one, of the emulator
 * as before. Returns a function that deletes them.
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
