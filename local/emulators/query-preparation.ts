import { parseQuery, type Container, type EngineRequest } from './cosmos-engine.mjs'
import { header, type ItemRequest } from './cosmos-request.ts'
import { isJsonObject } from './json.ts'
import { keyOfItem, prefixKey, hasPrefix, type PartitionKey } from './partition-key.ts'
import { filterUses, mayMatch, orderOf } from './query-filter.ts'
import { checkIndexes } from './query-index.ts'
import { badRequest } from './http-error.ts'

/**
 * Checks a query against the indexes. Returns it as a request to the engine, with a test for the
 * items to scan. Reading all items (GET) is a query too.
 */
export function prepareQuery(request: ItemRequest, { definition }: Container): EngineRequest {
  const { paths } = definition.partitionKey
  const key = prefixKey(header(request, 'x-ms-documentdb-partitionkey'), paths)
  const { query, parameters } = readQuery(request)
  const syntax = parseQuery(query)
  const uses = filterUses(syntax, new Map(parameters.map(({ name, value }) => [name, value])))
  checkIndexes({ uses, orders: orderOf(syntax), keyLevels: key.length }, definition)
  const matches = mayMatch(uses)
  const isWanted = (item: unknown) => isInPartition(item, paths, key) && matches(item)
  return {
    method: 'POST',
    url: request.url,
    headers: { ...request.headers, 'x-ms-documentdb-isquery': 'true' },
    body: { query, parameters, mayMatch: isWanted },
  }
}

function isInPartition(item: unknown, paths: string[], key: PartitionKey): boolean {
  return key.length === 0 || hasPrefix(keyOfItem(paths, item), key)
}

function readQuery({ method, body }: ItemRequest) {
  if (method === 'GET') return { query: 'SELECT * FROM c', parameters: [] }
  const { query, parameters = [] } = isJsonObject(body) ? body : {}
  if (typeof query !== 'string') throw badRequest('The query has no text.')
  if (!Array.isArray(parameters)) throw badRequest('The parameters of the query are not a list.')
  return { query, parameters: parameters.filter(isParameter) }
}

function isParameter(value: unknown): value is { name: string; value: unknown } {
  return isJsonObject(value) && typeof value['name'] === 'string'
}
