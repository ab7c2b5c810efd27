import type {
  BinaryExpression,
  CallExpression,
  Expression,
  ExpressionStatement,
  LogicalExpression,
  ObjectPropertyKind,
  PrivateInExpression,
  ReturnStatement,
} from 'oxc-parser'

interface Span {
  start: number
  end: number
}

/** One change of a text; `what` says it for people: before → after. */
export interface Change extends Span {
  replacement: string
  what: string
}

const SHORT = 90

/** The text of a node on one line. */
function textOf(source: string, { start, end }: Span): string {
  const text = source.slice(start, end).replaceAll(/\s+/g, ' ')
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text
}

/** A change of one token in a node, told with the whole of the node. */
function tokenChange(source: string, node: Span, token: Span, replacement: string): Change {
  const after =
    source.slice(node.start, token.start) + replacement + source.slice(token.end, node.end)
  const whole = textOf(after, { start: 0, end: after.length })
  return { ...token, replacement, what: `${textOf(source, node)} → ${whole}` }
}

/** Where an operator stands between its operands. */
function operatorSpan(source: string, left: Span, right: Span, operator: string): Span {
  const start = source.indexOf(operator, left.end)
  if (start < 0 || start >= right.start) throw new Error(`There is no ${operator} at ${left.end}.`)
  return { start, end: start + operator.length }
}

/** Each comparison is turned, and its bound is let in or out; sums and products are turned. */
const TURNED: Record<string, string[]> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
}

export function ofComparison(
  source: string,
  node: BinaryExpression | PrivateInExpression,
): Change[] {
  const { left, right, operator } = node
  return (TURNED[operator] ?? []).map((other) =>
    tokenChange(source, node, operatorSpan(source, left, right, operator), other),
  )
}

/** `and` becomes `or`, and the reverse; of `a ?? b` only a is left. */
export function ofLogic(source: string, node: LogicalExpression): Change[] {
  const { left, right, operator } = node
  if (operator === '??') {
    const rest = { start: left.end, end: right.end }
    const isWrapped = source[node.start] === '('
    return isWrapped ? [] : [tokenChange(source, node, rest, '')]
  }
  const span = operatorSpan(source, left, right, operator)
  return [tokenChange(source, node, span, operator === '&&' ? '||' : '&&')]
}

/** A condition never holds; or always, or the other way round. What is compared is turned by its operator. */
export function ofCondition(source: string, test: Expression, kind: 'if' | 'choice'): Change[] {
  const text = textOf(source, test)
  const never = { ...spanOf(test), replacement: 'false', what: `${kind} (${text}) → never` }
  if (test.type === 'BinaryExpression') return kind === 'if' ? [never] : []
  const whole = source.slice(test.start, test.end)
  const turned = {
    ...spanOf(test),
    replacement: `!(${whole})`,
    what: `${kind} (${text}) → not`,
  }
  return kind === 'if' ? [never, turned] : [turned]
}

const ROUNDING: Record<string, string> = {
  'Math.max': 'Math.min',
  'Math.min': 'Math.max',
  'Math.ceil': 'Math.floor',
  'Math.floor': 'Math.ceil',
}

/** The greater becomes the lesser, and what is rounded up is rounded down. */
export function ofCall(source: string, { callee, ...node }: CallExpression): Change[] {
  const other = ROUNDING[source.slice(callee.start, callee.end)]
  return other === undefined ? [] : [tokenChange(source, node, callee, other)]
}

const REMOVABLE = new Set([
  'AwaitExpression',
  'CallExpression',
  'AssignmentExpression',
  'UpdateExpression',
])

/** A statement that does something is not there. */
export function ofStatement(source: string, node: ExpressionStatement): Change[] {
  if (!REMOVABLE.has(node.expression.type)) return []
  return [{ ...spanOf(node), replacement: ';', what: `${textOf(source, node)} → nothing` }]
}

/** In a function that returns nothing, what it does last is not done. */
export function ofReturn(source: string, node: ReturnStatement): Change[] {
  if (node.argument === null) return []
  return [{ ...spanOf(node), replacement: 'return', what: `${textOf(source, node)} → return` }]
}

/** A member of an object is not written. */
export function ofMember(source: string, node: ObjectPropertyKind): Change[] {
  const isOptional =
    node.type === 'SpreadElement' && node.argument.type === 'ParenthesizedExpression'
  if (node.type === 'SpreadElement' && !isOptional) return []
  const comma = /^\s*,/.exec(source.slice(node.end))?.[0].length ?? 0
  const what = `member ${textOf(source, node)} → nothing`
  return [{ start: node.start, end: node.end + comma, replacement: '', what }]
}

const LARGE = 100 // a step of one makes no difference that is meant

/** A bound is none, or twice as large; a small one is one more, or none. */
export function ofNumber(node: Span & { raw: string | null }, value: number): Change[] {
  const others = value >= LARGE ? [0, value * 2] : value === 0 ? [1] : [0, value + 1]
  return others.map((other) => ({
    ...spanOf(node),
    replacement: String(other),
    what: `${node.raw} → ${other}`,
  }))
}

/** Yes becomes no. */
export const ofBoolean = (node: Span, value: boolean): Change => ({
  ...spanOf(node),
  replacement: String(!value),
  what: `${value} → ${!value}`,
})

const spanOf = ({ start, end }: Span): Span => ({ start, end })
