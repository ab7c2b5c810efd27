import { segmentsOf, valueAt } from './json.ts'
import { badRequest } from './http-error.ts'

const partitionKeyMismatch = 1001 // the substatus that SDKs check

/** A key's values, level by level; `{}` stands for a value that is not there, as in the header. */
export type PartitionKey = unknown[]

export function keyOfItem(paths: string[], item: unknown): PartitionKey {
  return paths.map((path) => valueAt(segmentsOf(path), item) ?? valueOrAbsent(path, item))
}

function valueOrAbsent(path: string, item: unknown): unknown {
  return valueAt(segmentsOf(path), item) === null ? null : {}
}

/** Two keys are the same when this is. */
export function keyText(key: PartitionKey): string {
  return JSON.stringify(key)
}

/** Whether `prefix` equals the first levels of `key`, or all of them. */
export function hasPrefix(key: PartitionKey, prefix: PartitionKey): boolean {
  return keyText(key.slice(0, prefix.length)) === keyText(prefix)
}

/** The key in the header of a point operation: exactly as many levels as the container has. */
export function fullKey(header: string | undefined, paths: string[]): PartitionKey {
  if (header === undefined) {
    throw badRequest('PartitionKey value must be supplied for this operation.')
  }
  const key = parse(header, paths)
  if (key.length === paths.length) return key
  throw badRequest(
    'The partition key supplied in x-ms-partitionkey header has fewer components than defined in ' +
      'the the collection.', // Azure's own words
    partitionKeyMismatch,
  )
}

/** The key in the header of a query: none, or the first levels of a hierarchical one. */
export function prefixKey(header: string | undefined, paths: string[]): PartitionKey {
  return header === undefined ? [] : parse(header, paths)
}

/** Refuses an item that belongs to another partition than the request says. */
export function checkOwnKey(key: PartitionKey, paths: string[], item: unknown): void {
  if (keyText(keyOfItem(paths, item)) === keyText(key)) return
  throw badRequest(
    "PartitionKey extracted from document doesn't match the one specified in the header.",
    partitionKeyMismatch,
  )
}

function parse(header: string, paths: string[]): PartitionKey {
  const key = parseArray(header)
  if (key !== undefined && key.length <= paths.length) return key
  throw badRequest(`Partition key ${header} is invalid.`, partitionKeyMismatch)
}

function parseArray(text: string): PartitionKey | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
