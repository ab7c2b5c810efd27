import { parseSync, Visitor, type VisitorObject } from 'oxc-parser'
import {
  ofBoolean,
  ofCall,
  ofComparison,
  ofCondition,
  ofLogic,
  ofMember,
  ofNumber,
  ofReturn,
  ofStatement,
  type Change,
} from './operators.ts'

/** A file with one change in it. */
export interface Mutant {
  /** What it is known by: the file, the function, the text before and after. It outlives changes elsewhere. */
  name: string
  file: string
  line: number
  start: number
  end: number
  replacement: string
}

/** Every change that is planted in a file. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const { program, errors } = parseSync(file, source)
  if (errors.length > 0) throw new Error(`${file} cannot be read: ${errors[0]?.message}`)
  const found: (Change & { where: string })[] = []
  const names: string[] = [] // of the functions around, the innermost last
  const returns: boolean[] = [] // of the same: whether what they return is awaited at most
  let types = 0

  const note = (...changes: Change[]) =>
    found.push(...changes.map((change) => ({ ...change, where: names.at(-1) ?? 'module' })))
  const enter = (name: string | undefined) => names.push(name ?? names.at(-1) ?? 'module')
  const leave = () => void names.pop()
  const isNothing = (type: { start: number; end: number } | null | undefined) =>
    type !== null && type !== undefined && /\bvoid\b/.test(source.slice(type.start, type.end))

  const visitor: VisitorObject = {
    FunctionDeclaration({ id, returnType }) {
      enter(id?.name)
      returns.push(isNothing(returnType))
    },
    'FunctionDeclaration:exit'() {
      leave()
      returns.pop()
    },
    FunctionExpression: ({ returnType }) => void returns.push(isNothing(returnType)),
    'FunctionExpression:exit': () => void returns.pop(),
    ArrowFunctionExpression: ({ returnType }) => void returns.push(isNothing(returnType)),
    'ArrowFunctionExpression:exit': () => void returns.pop(),
    VariableDeclarator({ id, init }) {
      const isNamed = names.length === 0 || init?.type === 'ArrowFunctionExpression'
      enter(isNamed && id.type === 'Identifier' ? id.name : undefined)
    },
    'VariableDeclarator:exit': leave,
    Property({ key, value }) {
      const isFunction =
        value.type === 'FunctionExpression' || value.type === 'ArrowFunctionExpression'
      enter(isFunction && key.type === 'Identifier' ? key.name : undefined)
    },
    'Property:exit': leave,
    TSLiteralType: () => void types++,
    'TSLiteralType:exit': () => void types--,

    BinaryExpression: (node) => note(...ofComparison(source, node)),
    LogicalExpression: (node) => note(...ofLogic(source, node)),
    IfStatement: ({ test }) => note(...ofCondition(source, test, 'if')),
    ConditionalExpression: ({ test }) => note(...ofCondition(source, test, 'choice')),
    CallExpression: (node) => note(...ofCall(source, node)),
    ExpressionStatement: (node) => note(...ofStatement(source, node)),
    ReturnStatement(node) {
      if (returns.at(-1) === true) note(...ofReturn(source, node))
    },
    ObjectExpression({ properties }) {
      for (const property of properties) note(...ofMember(source, property))
    },
    Literal(node) {
      if (types > 0) return
      if (typeof node.value === 'number') note(...ofNumber(node, node.value))
      if (typeof node.value === 'boolean') note(ofBoolean(node, node.value))
    },
  }
  new Visitor(visitor).visit(program)
  return withNames(file, source, found)
}

function withNames(file: string, source: string, found: (Change & { where: string })[]): Mutant[] {
  const counts = new Map<string, number>()
  return found.map(({ where, what, start, end, replacement }) => {
    const name = `${file} ${where}: ${what}`
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    const line = source.slice(0, start).split('\n').length
    return { name: count > 1 ? `${name} (${count})` : name, file, line, start, end, replacement }
  })
}

/** The text of a file with a change in it. */
export const withMutant = (source: string, { start, end, replacement }: Mutant): string =>
  source.slice(0, start) + replacement + source.slice(end)
