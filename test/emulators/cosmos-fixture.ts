import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  CosmosClient,
  PartitionKeyDefinitionVersion,
  PartitionKeyKind,
  type Container,
  type ContainerRequest,
  type FeedOptions,
  type JSONValue,
} from '@azure/cosmos'
import { authorization } from '../../local/emulators/cosmos-signature.ts'
import { randomUUID } from 'node:crypto'
import { share } from '../support/share.ts'
import { setting } from '../support/stores.ts'

const days = 24 * 60 * 60

const hierarchical = (...paths: string[]) => ({
  paths,
  kind: PartitionKeyKind.MultiHash,
  version: PartitionKeyDefinitionVersion.V2,
})

const only = (paths: string[], ...composites: string[][]) => ({
  includedPaths: paths.map((path) => ({ path })),
  excludedPaths: [{ path: '/*' }],
  compositeIndexes: composites.map((each) =>
    each.map((path) => ({ path, order: 'ascending' as const })),
  ),
})

/** The containers of the product, as its design has them. */
const definitions: ContainerRequest[] = [
  {
    id: 'events',
    partitionKey: hierarchical('/resource', '/subject'),
    defaultTtl: 90 * days,
    indexingPolicy: only(
      ['/pending/?'],
      ['/resource', '/id'],
      ['/subject', '/id'],
      ['/alternative', '/id'],
    ),
  },
  { id: 'requests', partitionKey: '/id', defaultTtl: 2 * days, indexingPolicy: only([]) },
  {
    id: 'subscriptions',
    partitionKey: '/consumer',
    defaultTtl: -1,
    indexingPolicy: only(['/number/?', '/_ts/?', '/due/?']),
  },
  {
    id: 'deliveries',
    partitionKey: hierarchical('/subscription', '/id'),
    defaultTtl: 90 * days,
    indexingPolicy: only(['/due/?', '/deadAt/?'], ['/subscription', '/state', '/id']),
  },
]

const account = setting('TEST_COSMOS')

export const endpoint = /AccountEndpoint=([^;]+)/.exec(account)?.[1] ?? ''

const client = new CosmosClient(account)

export const database = client.database(`strict-${randomUUID()}`)

/** Makes a database on the shared emulator for the files of a process, with the containers of the product. */
export const useDatabase = share(async () => {
  await client.databases.create({ id: database.id })
  for (const definition of definitions) await database.containers.create(definition)
  return { stop: async () => client.dispose() }
})

export const events = database.container('events')

export const deliveries = database.container('deliveries')

export const subscriptions = database.container('subscriptions')

let made = 0

export const event = (more: object = {}) => ({
  id: `event-${String(made++).padStart(6, '0')}`,
  resource: 'urn:altinn:resource:app_ttd_apps-test',
  subject: '/party/1',
  ...more,
})

/** What an operation came to, as `409` or `400/1001`. */
export async function outcome(operation: Promise<{ statusCode?: number }>): Promise<string> {
  try {
    return String((await operation).statusCode)
  } catch (error) {
    const { code, substatus } = Object(error)
    if (code === undefined) throw error
    return substatus === undefined || substatus === 0 ? String(code) : `${code}/${substatus}`
  }
}

export const itemOf = ({ id, resource, subject }: ReturnType<typeof event>) =>
  events.item(id, [resource, subject])

export const ifMatch = (condition = '"stale"') => ({
  accessCondition: { type: 'IfMatch', condition },
})

interface Raw {
  method?: string
  body?: unknown
  headers?: Record<string, string>
  date?: string
}

/**
 * A request that the SDK would not send; signed, unless it brings its own authorization. The path names the database
 * `events`, which stands for the one of this process.
 */
export async function raw(path: string, { method = 'GET', body, headers = {}, date }: Raw = {}) {
  const target = path.replace(/^\/dbs\/events/, `/dbs/${database.id}`)
  const segments = target.split('/').filter(Boolean)
  const signed = { method, segments, date: date ?? new Date().toUTCString() }
  const url = new URL(target, endpoint)
  const call = httpRequest(url, {
    method,
    headers: { authorization: authorization(signed), 'x-ms-date': signed.date, ...headers },
  })
  call.end(body === undefined ? undefined : JSON.stringify(body))
  const [response] = await once(call, 'response')
  const answer = JSON.parse((await text(response)) || '{}')
  const substatus = String(response.headers['x-ms-substatus'] ?? 0)
  return { status: Number(response.statusCode), substatus, headers: response.headers, body: answer }
}

export const partitionKey = (...values: unknown[]) => ({
  'x-ms-documentdb-partitionkey': JSON.stringify(values),
})

export const statusOf = async (path: string, request: Raw) => {
  const { status, substatus } = await raw(path, request)
  return substatus === '0' ? String(status) : `${status}/${substatus}`
}

export async function query(
  container: Container,
  sql: string,
  parameters: Record<string, JSONValue> = {},
  options?: FeedOptions,
) {
  const named = Object.entries(parameters).map(([name, value]) => ({ name: `@${name}`, value }))
  const found = container.items.query<unknown>({ query: sql, parameters: named }, options)
  return (await found.fetchAll()).resources
}
