import type { ContainerDefinition } from './container-definition.ts'
import { compositeIndexes, isIndexed, type CompositeIndex } from './indexing-policy.ts'
import { segmentsOf } from './json.ts'
import type { Order, PathUse } from './query-filter.ts'
import { badRequest } from './http-error.ts'

/** What a query asks of the indexes. */
export interface IndexDemand {
  uses: PathUse[]
  orders: Order[]
  /** The number of partition key levels in the request header. */
  keyLevels: number
}

/**
 * Refuses a query that the container's indexing policy does not serve.
 *
 * For ORDER BY that is what Azure does. For filters it is stricter: Azure would load every item
 * and charge for it, which on a small container nobody notices until it has grown. So a path in a
 * filter needs one of:
 * - a range index;
 * - a composite index that the query can use
 *   (https://learn.microsoft.com/azure/cosmos-db/index-policy#composite-indexes);
 * - to be `/id`, compared by `=` or IN, which Azure always finds;
 * - to be a partition key path, compared by `=` or IN, with all levels before it given: that
 *   chooses the partition and is not looked up.
 * The documentation says that `/id` and `/_ts` are always indexed in mode `consistent`. It is not
 * relied on here: ORDER BY and ranges on them need an index like on any other path. What a subquery
 * in FROM filters by is not checked.
 */
export function checkIndexes(
  { uses, orders, keyLevels }: IndexDemand,
  container: ContainerDefinition,
) {
  const { indexingPolicy: policy } = container
  const usable = compositeIndexes(policy).filter((index) => isUsable(index, uses, orders))
  for (const use of uses) {
    if (isIndexed(policy, use.path)) continue
    if (isPointFilter(use, uses, container.partitionKey.paths, keyLevels)) continue
    if (use.isRequired && usable.some((index) => reaches(index, use.path, uses))) continue
    throw badRequest(
      `The filter on ${use.path || '/'} in container '${container.id}' is not served by its ` +
        'indexing policy: add a range index, or a composite index on exactly the filtered paths ' +
        'with those compared by = first.',
    )
  }
  checkOrder(orders, container)
}

function checkOrder(orders: Order[], { id, indexingPolicy: policy }: ContainerDefinition) {
  if (orders.some(({ path }) => path === undefined || path === '')) {
    throw badRequest('Unsupported ORDER BY clause: an item could not be mapped to a document path.')
  }
  if (orders.length === 0) return
  const paths = orders.map(({ path }) => path).join(', ')
  const isServed =
    orders.length === 1
      ? isIndexed(policy, paths)
      : compositeIndexes(policy).some((index) => isInOrder(index, orders))
  if (isServed) return
  const need = orders.length === 1 ? 'a range index on it' : 'a composite index on these, in order'
  throw badRequest(`ORDER BY ${paths} in container '${id}' is not served: it needs ${need}.`)
}

/** The same paths in the same sequence, all in the index's directions or all in the opposite. */
function isInOrder(index: CompositeIndex, orders: Order[]): boolean {
  if (index.length !== orders.length) return false
  if (!index.every((entry, i) => pathOf(entry) === orders[i]?.path)) return false
  const turned = index.map((entry, i) => isDescending(entry) !== orders[i]?.isDescending)
  return turned.every((each) => each === turned[0])
}

/** Azure leaves a composite index alone unless the query names all of its paths. */
function isUsable(index: CompositeIndex, uses: PathUse[], orders: Order[]): boolean {
  const named = new Set(
    [...uses.filter(({ isRequired }) => isRequired), ...orders].map(({ path }) => path),
  )
  return index.every((entry) => named.has(pathOf(entry)))
}

/** Whether all paths of the index before this one are compared by `=`. */
function reaches(index: CompositeIndex, path: string, uses: PathUse[]): boolean {
  const position = index.findIndex((entry) => pathOf(entry) === path)
  if (position < 0) return false
  return index.slice(0, position).every((entry) => isFixed(pathOf(entry), uses))
}

function isPointFilter(
  use: PathUse,
  uses: PathUse[],
  keyPaths: string[],
  keyLevels: number,
): boolean {
  if (use.kind !== 'equal' && use.kind !== 'in') return false
  if (use.path === '/id') return true
  const level = keyPaths.findIndex((path) => normalized(path) === use.path)
  if (level < 0 || !use.isRequired) return false
  const before = keyPaths.slice(keyLevels, level)
  return before.every((path) => isFixed(normalized(path), uses))
}

function isFixed(path: string, uses: PathUse[]): boolean {
  return uses.some((use) => use.path === path && use.kind === 'equal' && use.isRequired)
}

function isDescending(entry: CompositeIndex[number]): boolean {
  return entry.order === 'descending'
}

function pathOf(entry: CompositeIndex[number]): string {
  return normalized(entry.path)
}

/** Without the quotes that a definition may put around a name. */
function normalized(path: string): string {
  return segmentsOf(path)
    .map((segment) => `/${segment}`)
    .join('')
}
