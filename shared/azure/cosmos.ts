import type { CosmosClientOptions, CosmosHeaders, Database } from '@azure/cosmos'
import type { Config } from '../config.ts'
import { validateResponses } from './cosmos-responses.ts'

/** One call's limit, for `withTimeout`: the SDK's own limits do not end a hang. An instance with a full load takes seconds. */
export const CALL_MS = 5000

/** The limit of one try of a write that a publisher may be waiting for. */
export const TRY_MS = 2000

/** Opens the database without a call. The SDK waits for short throttling itself; longer waits are its callers' to plan. */
export async function openDatabase({
  database,
  ...connection
}: Config['cosmos']): Promise<Database> {
  const [{ CosmosClient }, { createDefaultHttpClient }] = await Promise.all([
    import('@azure/cosmos'),
    import('@azure/core-rest-pipeline'),
  ])
  const options: CosmosClientOptions = {
    httpClient: validateResponses(createDefaultHttpClient()),
    consistencyLevel: 'Session', // without it the SDK sends no session token, not even of its own writes
    connectionPolicy: {
      requestTimeout: CALL_MS,
      retryOptions: {
        maxRetryAttemptCount: 2,
        fixedRetryIntervalInMilliseconds: 0,
        maxWaitTimeInSeconds: 1,
      },
    },
  }
  if ('connectionString' in connection)
    return new CosmosClient({ ...options, connectionString: connection.connectionString }).database(
      database,
    )
  const { openCredential } = await import('./identity.ts')
  const aadCredentials = await openCredential(connection.clientId)
  return new CosmosClient({ ...options, endpoint: connection.endpoint, aadCredentials }).database(
    database,
  )
}

/** The session token of an answer: whoever reads what was written here passes it on (Session consistency). */
export function sessionOf(headers: CosmosHeaders | undefined): string | undefined {
  const token = headers?.['x-ms-session-token']
  return typeof token === 'string' ? token : undefined
}
