import { parseQuery, type Container } from './cosmos-engine.mjs'
import { header, type ItemRequest } from './cosmos-request.ts'
import { isJsonObject, type Json } from './json.ts'
import { keyOfItem, prefixKey, startsWith, type PartitionKey } from './partition-key.ts'
import { filterUses, mayMatch, orderOf } from './query-filter.ts'
import { checkIndexes } from './query-index.ts'
import { badRequest } from './refusal.ts'

/** Checks a query against the indexes, and gives it to run with the items to look at. */
export function prepareQuery(request: ItemRequest, { definition }: Container): Json {
  const { paths } = definition.partitionKey
  const key = prefixKey(header(request, 'x-ms-documentdb-partitionkey'), paths)
  const { query, parameters } = readQuery(request)
  const syntax = parseQuery(query)
  const uses = filterUses(syntax, new Map(parameters.map(({ name, value }) => [name, value])))
  checkIndexes({ uses, orders: orderOf(syntax), keyLevels: key.length }, definition)
  const matches = mayMatch(uses)
  return {
    query,
    parameters,
    mayMatch: (item: unknown) => matches(item) && isInPartition(item, paths, key),
  }
}

function isInPartition(item: unknown, paths: string[], key: PartitionKey): boolean {
  return key.length === 0 || startsWith(keyOfItem(paths, item), key)
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
