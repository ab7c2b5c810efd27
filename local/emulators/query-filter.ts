import type { SyntaxNode } from './cosmos-engine.mjs'
import { segmentsOf, valueAt } from './json.ts'
import { isNode, nodeAt, nodesAt, pathOf, pathsIn, scopeOf, type Scope } from './query-paths.ts'

/** How a filter or an ORDER BY uses one path of the items. */
export interface PathUse {
  path: string
  /** `equal` and `in` compare with constants; `other` is what no index narrows for certain. */
  kind: 'equal' | 'in' | 'range' | 'other'
  /** Whether the condition holds for every result, being joined to the others by AND. */
  isRequired: boolean
  test?: (value: unknown) => boolean
}

export interface Order {
  /** Undefined where it is not a path. */
  path: string | undefined
  isDescending: boolean
}

export type Parameters = Map<string, unknown>

const mirroredOperators: Record<string, string> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' }
const ranges = new Set(['<', '>', '<=', '>=', '!='])

/** Returns the paths that the filter of a query (its `select_query` node) uses. */
export function filterUses(query: SyntaxNode, parameters: Parameters): PathUse[] {
  const where = nodeAt(query, 'where')
  return where === undefined ? [] : usesOf(where['condition'], true, scopeOf(query), parameters)
}

/** The ORDER BY of a query. */
export function orderOf(query: SyntaxNode): Order[] {
  const scope = scopeOf(query)
  return nodesAt(nodeAt(query, 'orderBy'), 'expressions').map((each) => ({
    path: pathOf(each['expression'], scope),
    isDescending: each['order'] === 'DESC',
  }))
}

/** Whether an item meets the conditions that every result must; the query itself decides the rest. */
export function mayMatch(uses: PathUse[]): (item: unknown) => boolean {
  const tests = uses.flatMap(({ path, isRequired, test }) =>
    isRequired && test !== undefined ? [{ segments: segmentsOf(path), test }] : [],
  )
  return (item) => tests.every(({ segments, test }) => test(valueAt(segments, item)))
}

function usesOf(
  condition: unknown,
  isRequired: boolean,
  scope: Scope,
  parameters: Parameters,
): PathUse[] {
  if (!isNode(condition)) return []
  const { left, right, operator } = condition
  if (operator === 'AND' || operator === 'OR') {
    const both = isRequired && operator === 'AND'
    return [left, right].flatMap((operand) => usesOf(operand, both, scope, parameters))
  }
  const use = comparison(condition, scope, parameters)
  if (use !== undefined) return [{ ...use, isRequired }]
  return pathsIn(condition, scope).map((path) => ({ path, kind: 'other', isRequired }))
}

/** A condition that compares one path with constants. */
function comparison(node: SyntaxNode, scope: Scope, parameters: Parameters) {
  const path = (operand: unknown) => pathOf(operand, scope)
  const constant = (operand: unknown) => constantOf(operand, parameters)
  if (node.type === 'scalar_in_expression') {
    const listed = nodesAt(node, 'list').every((each) => constant(each) !== undefined)
    return listed ? pathUse(path(node['value']), 'in') : undefined
  }
  if (node.type === 'scalar_between_expression') {
    const bounded = constant(node['begin']) !== undefined && constant(node['end']) !== undefined
    return bounded ? pathUse(path(node['value']), 'range') : undefined
  }
  if (node.type !== 'scalar_binary_expression') return undefined
  const operator = String(node['operator'])
  const plain = comparisonUse(path(node['left']), operator, constant(node['right']))
  const swapped = mirroredOperators[operator] ?? operator
  return plain ?? comparisonUse(path(node['right']), swapped, constant(node['left']))
}

function pathUse(
  path: string | undefined,
  kind: PathUse['kind'],
): Omit<PathUse, 'isRequired'> | undefined {
  return path === undefined ? undefined : { path, kind }
}

function comparisonUse(path: string | undefined, operator: string, constant?: { value: unknown }) {
  if (path === undefined || constant === undefined) return undefined
  if (operator !== '=' && !ranges.has(operator)) return undefined
  const kind: PathUse['kind'] = operator === '=' ? 'equal' : 'range'
  const test = path.includes('[]') ? undefined : testFor(operator, constant.value)
  return test === undefined ? { path, kind } : { path, kind, test }
}

/** Cosmos compares only values of one type; objects and `!=` are left to the query. */
function testFor(operator: string, bound: unknown): ((value: unknown) => boolean) | undefined {
  if (typeof bound === 'object' && bound !== null) return undefined
  if (operator === '=') return (value) => value === bound
  if (typeof bound !== 'string' && typeof bound !== 'number') return undefined
  const isSameType = (value: unknown): value is typeof bound => typeof value === typeof bound
  switch (operator) {
    case '<':
      return (value) => isSameType(value) && value < bound
    case '<=':
      return (value) => isSameType(value) && value <= bound
    case '>':
      return (value) => isSameType(value) && value > bound
    case '>=':
      return (value) => isSameType(value) && value >= bound
    default:
      return undefined
  }
}

function constantOf(node: unknown, parameters: Parameters): { value: unknown } | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'parameter_name') return { value: parameters.get(String(node['name'])) }
  if (node.type === 'null_constant') return { value: null }
  return /^(string|number|boolean)_constant$/.test(node.type) ? { value: node['value'] } : undefined
}
