import type { Container, Engine } from './cosmos-engine.mjs'
import { header, type CosmosRequest } from './cosmos-request.ts'
import { badRequest, HttpError, notFound } from './http-error.ts'
import { runItemOperation } from './item-operations.ts'
import { isJsonObject } from './json.ts'
import { keyOfItem, keyText } from './partition-key.ts'

/**
 * Creates the items of `{ database, container, items }` one after the other, each checked as alone, and stops at the first
 * that is refused. A request for each, through the SDK, takes ten times the processor time.
 */
export async function createItems(engine: Engine, request: CosmosRequest): Promise<number> {
  // Nothing is signed: of this type, a browser does not let a page of another site send.
  if (header(request, 'content-type') !== 'application/json')
    throw new HttpError(415, 'A bulk is application/json.')
  const { database, container: name, items } = isJsonObject(request.body) ? request.body : {}
  if (typeof database !== 'string' || typeof name !== 'string' || !Array.isArray(items))
    throw badRequest('A bulk has a database, a container and items.')
  const container = engine.container(database, name)
  if (container === undefined) throw notFound('Resource Not Found: the container does not exist.')
  for (const item of items) await createItem(engine, [database, name], container, item)
  return items.length
}

async function createItem(
  engine: Engine,
  [database, container]: [database: string, container: string],
  { definition }: Container,
  item: unknown,
): Promise<void> {
  const segments = ['dbs', database, 'colls', container, 'docs']
  const key = keyText(keyOfItem(definition.partitionKey.paths, item))
  const { status, body } = await runItemOperation(engine, {
    method: 'POST',
    url: `/${segments.join('/')}`,
    headers: { 'x-ms-documentdb-partitionkey': key },
    segments,
    body: item,
    operation: 'create',
    database,
    container,
    id: undefined,
  })
  if (status !== 201) throw new HttpError(status, JSON.stringify(body))
}
