import { isJsonObject, segmentsOf } from './json.ts'

export interface IndexingPolicy {
  indexingMode?: string
  includedPaths?: { path: string }[]
  excludedPaths?: { path: string }[]
  compositeIndexes?: CompositeIndex[]
}

export type CompositeIndex = { path: string; order?: string }[]

const everything = [{ path: '/*' }]
const etagPath = { path: '/_etag/?' } // excluded unless it is included by name

/** The policy with what Azure adds: a container made without one has everything indexed. */
function withDefaults(policy: IndexingPolicy) {
  const given = policy.includedPaths !== undefined || policy.excludedPaths !== undefined
  const included = given ? (policy.includedPaths ?? []) : everything
  const excluded = [...(policy.excludedPaths ?? []), etagPath]
  const none = policy.indexingMode?.toLowerCase() === 'none'
  return none
    ? { included: [], excluded: everything, composites: [] }
    : { included, excluded, composites: policy.compositeIndexes ?? [] }
}

/** Whether a path such as `/event/type` has a range index; the more precise of two entries wins. */
export function isIndexed(policy: IndexingPolicy, path: string): boolean {
  const { included, excluded } = withDefaults(policy)
  const segments = segmentsOf(path)
  const inclusion = bestMatch(included, segments)
  if (inclusion === undefined) return false
  const exclusion = bestMatch(excluded, segments)
  return exclusion === undefined || inclusion >= exclusion
}

export function compositeIndexes(policy: IndexingPolicy): CompositeIndex[] {
  return withDefaults(policy).composites
}

/** Returns the precision of the most precise entry that matches, or undefined when none does. */
function bestMatch(entries: { path: string }[], segments: string[]): number | undefined {
  return entries
    .map(({ path }) => precisionOf(segmentsOf(path), segments))
    .filter((precision) => precision !== undefined)
    .toSorted((a, b) => b - a)[0]
}

/** Returns how precisely an entry names a path: deeper is more, and `/a/?` more than `/a/*`. Undefined if it does not match. */
function precisionOf(entry: string[], segments: string[]): number | undefined {
  const [base, last] = [entry.slice(0, -1), entry.at(-1)]
  const isWithin = base.every((segment, i) => segment === segments[i])
  if (!isWithin || (last === '?' && base.length !== segments.length)) return undefined
  return 2 * base.length + (last === '?' ? 1 : 0)
}

/**
 * How many entries the indexes hold for an item. A path that is included by name has one in every
 * item, there or not, and so has a composite index.
 */
export function indexEntries(policy: IndexingPolicy, item: unknown): number {
  const { included, composites } = withDefaults(policy)
  const named = included.filter(({ path }) => path !== '/*').length
  const root =
    named < included.length ? leafPaths(item, '').filter((path) => isIndexed(policy, path)) : []
  return named + root.length + composites.length
}

function leafPaths(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => leafPaths(each, `${path}/[]`))
  if (!isJsonObject(value)) return [path]
  return Object.entries(value).flatMap(([name, each]) => leafPaths(each, `${path}/"${name}"`))
}
