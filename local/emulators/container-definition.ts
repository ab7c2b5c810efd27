import type { CompositeIndex, IndexingPolicy } from './indexing-policy.ts'
import { checkTtl } from './item-limits.ts'
import { isJsonObject, type Json } from './json.ts'
import { badRequest } from './http-error.ts'

/** What the checks need of a container, as it was created. */
export interface ContainerDefinition {
  id: string
  partitionKey: { paths: string[]; kind?: string; version?: number }
  indexingPolicy: IndexingPolicy
  defaultTtl?: number
}

/** Refuses a definition that Azure would not accept, and so one that the checks could not read. */
export function checkDefinition(definition: unknown): void {
  if (!isJsonObject(definition)) throw badRequest('The container definition is not an object.')
  checkPartitionKey(definition['partitionKey'])
  const policy = definition['indexingPolicy'] ?? {}
  if (!isJsonObject(policy)) throw badRequest('The indexing policy is not an object.')
  checkPaths(policy)
  if (definition['defaultTtl'] === undefined) return
  checkTtl(definition['defaultTtl'])
  if (String(policy['indexingMode']).toLowerCase() === 'none') {
    throw badRequest("TTL is not supported on a container whose indexing mode is 'none'.")
  }
}

function checkPartitionKey(key: unknown): void {
  const paths = isJsonObject(key) ? key['paths'] : undefined
  if (!isJsonObject(key) || !isStrings(paths) || paths.length === 0 || paths.length > 3) {
    throw badRequest('The partition key must have between one and three paths.')
  }
  if (paths.length > 1 && (key['kind'] !== 'MultiHash' || key['version'] !== 2)) {
    throw badRequest('A partition key of several paths must be of kind MultiHash and version 2.')
  }
}

/** https://learn.microsoft.com/azure/cosmos-db/index-policy#includeexclude-strategy */
function checkPaths(policy: Json): void {
  const paths = [...pathsIn(policy['includedPaths']), ...pathsIn(policy['excludedPaths'])]
  const wrong = paths.find((path) => !/^\/(.+\/)?[?*]$/.test(path))
  if (wrong !== undefined) throw badRequest(`The indexing path '${wrong}' could not be accepted.`)
  const hasPaths = 'includedPaths' in policy || 'excludedPaths' in policy
  if (!hasPaths || paths.includes('/*')) return
  throw badRequest(
    "The special mandatory indexing path '/' is not provided in any of the path type sets.",
  )
}

function pathsIn(entries: unknown): string[] {
  if (entries === undefined) return []
  if (Array.isArray(entries) && entries.every(isPathEntry)) return entries.map(({ path }) => path)
  throw badRequest('The paths of an indexing policy must be objects with a path.')
}

function isPathEntry(entry: unknown): entry is CompositeIndex[number] {
  return isJsonObject(entry) && typeof entry['path'] === 'string'
}

function isStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}
