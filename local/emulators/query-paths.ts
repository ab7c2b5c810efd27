import type { SyntaxNode } from './cosmos-engine.mjs'
import { isJsonObject } from './json.ts'

/** What the aliases of a query stand for: alias → path. */
export type Scope = Map<string, string>

/** All paths that an expression mentions, those of its subqueries included. */
export function pathsIn(value: unknown, scope: Scope): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => pathsIn(each, scope))
  if (!isJsonObject(value)) return []
  const path = pathOf(value, scope)
  if (path !== undefined) return [path]
  if (value['type'] !== 'select_query') return pathsIn(Object.values(value), scope)
  const inner = isNode(value) ? scopeOf(value, scope) : scope
  return pathsIn([value['select'], value['where']], inner)
}

/** The path that an alias or a chain of members means, elements of arrays as `[]`. */
export function pathOf(node: unknown, scope: Scope): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'identifier') return scope.get(String(node['name']))
  if (!node.type.endsWith('_member_expression')) return undefined
  const object = pathOf(node['object'], scope)
  const segment = segmentOf(nodeAt(node, 'property'))
  return object === undefined || segment === undefined ? undefined : `${object}/${segment}`
}

function segmentOf(property: SyntaxNode | undefined): string | undefined {
  if (property?.type === 'number_constant') return '[]'
  const name = property?.['name'] ?? property?.['value']
  return typeof name === 'string' ? name : undefined
}

/** What the aliases in FROM and JOIN stand for; a subquery there is not followed. */
export function scopeOf(query: SyntaxNode, outer: Scope = new Map()): Scope {
  const scope = new Map(outer)
  const from = nodeAt(query, 'from')
  const joins = nodesAt(from, 'joins')
  for (const source of [nodeAt(from, 'source'), ...joins]) {
    const expression = nodeAt(source, 'expression')
    const path = sourcePath(expression, scope)
    const alias = nodeAt(source, 'alias')?.['name'] ?? lastName(expression)
    if (path === undefined || typeof alias !== 'string') continue
    scope.set(alias, source?.['iteration'] === true ? `${path}/[]` : path)
  }
  return scope
}

function sourcePath(node: SyntaxNode | undefined, scope: Scope): string | undefined {
  if (node?.type === 'collection_expression') {
    return scope.get(String(nodeAt(node, 'expression')?.['name'])) ?? '' // the container itself
  }
  if (node?.type !== 'collection_member_expression') return undefined
  const object = sourcePath(nodeAt(node, 'object'), scope)
  const segment = segmentOf(nodeAt(node, 'property'))
  return object === undefined || segment === undefined ? undefined : `${object}/${segment}`
}

function lastName(node: SyntaxNode | undefined): unknown {
  return (nodeAt(node, 'property') ?? nodeAt(node, 'expression'))?.['name']
}

export function nodeAt(node: SyntaxNode | undefined, member: string): SyntaxNode | undefined {
  const value = node?.[member]
  return isNode(value) ? value : undefined
}

export function nodesAt(node: SyntaxNode | undefined, member: string): SyntaxNode[] {
  const value = node?.[member]
  return Array.isArray(value) ? value.filter(isNode) : []
}

export function isNode(value: unknown): value is SyntaxNode {
  return isJsonObject(value) && typeof value['type'] === 'string'
}
