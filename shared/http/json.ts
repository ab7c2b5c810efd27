import { parseLossless } from './lossless-json.ts'
import { pointerTo, Problem } from './problem.ts'

const MAX_DEPTH = 32 // the original's limit, altinn-contract §4.4

/** A JSON body: its text, and the value that the text parses to. */
export interface JsonBody {
  text: string
  value: unknown
}

/**
 * Parses JSON text (RFC 8259), with its numbers as they are written. Throws a 400 for invalid JSON and for values that cannot
 * be stored unchanged: lone surrogates, `__proto__`, more than 32 levels.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw new Problem(400, 'A non-empty request body is required.')
  if (text.startsWith('\uFEFF')) throw new Problem(400, 'The body begins with a byte order mark.')
  const value = parseSyntax(text)
  rejectUnstorable(value, [])
  return value
}

/** Returns what JSON text says, undefined where it is none: the parser's message would show a part of the text. */
export function parseJsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns what the JSON of another service says. Throws for what is none, in words that show nothing of it. */
export function parseJsonAnswer(text: string): unknown {
  const value = parseJsonOrUndefined(text)
  if (value === undefined) throw new Error('not JSON')
  return value
}

/** Returns whether a parsed value is a JSON object. A number that is kept as it was written is an object to JavaScript. */
export const isJsonObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value)

/** Throws a 400 that asks for `expected` unless the body is a JSON object. */
export function requireObject(value: unknown, expected: string): object {
  if (isJsonObject(value)) return value
  throw new Problem(400, `The body must be a JSON object: ${expected}.`)
}

function parseSyntax(text: string): unknown {
  try {
    return parseLossless(text)
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep() // a reviver, which raw numbers need, recurses
    throw new Problem(400, ['The body is not valid JSON', ...syntaxErrorOf(error)].join(': '))
  }
}

/** Returns V8's message without the quoted part of the text: publishers log our responses, and the text names people. */
function syntaxErrorOf(error: unknown): string[] {
  const message = error instanceof Error ? error.message : ''
  return [message.replace(/(?:^|, )(?:\.{3})?".*$/s, '')].filter((reason) => reason !== '')
}

function rejectUnstorable(value: unknown, path: string[]): void {
  if (typeof value === 'string' && !value.isWellFormed()) reject(path, 'has a lone surrogate')
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return
  if (path.length >= MAX_DEPTH) throw tooDeep()
  for (const [name, member] of Object.entries(value)) {
    path.push(name)
    if (name === '__proto__') reject(path, 'is not allowed as a name')
    if (!name.isWellFormed()) reject(path, 'has a lone surrogate in its name')
    rejectUnstorable(member, path)
    path.pop()
  }
}

const tooDeep = () => new Problem(400, `The body is nested deeper than ${MAX_DEPTH} levels.`)

function reject(path: string[], reason: string): never {
  throw new Problem(400, `${pointerTo(path)} ${reason}.`)
}

/**
 * Returns the members of a JSON object by name in lower case. Of names that differ only in case, the last one in the text
 * wins (altinn-contract §4.4). `text` must parse to `object`.
 */
export function membersOf(text: string, object: object): Map<string, unknown> {
  const entries = Object.entries(object)
  const members = new Map(entries.map(([name, value]) => [name.toLowerCase(), value]))
  if (members.size === entries.length) return members
  const bySpelling = new Map(entries)
  for (const name of namesInOrder(text)) members.set(name.toLowerCase(), bySpelling.get(name))
  return members
}

/** Reads the order of names from the text: JSON.parse keeps the position of the first of equal names. */
function namesInOrder(text: string): string[] {
  const names: string[] = []
  let depth = 0
  let string = ''
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (token !== ':') string = token
    else if (depth === 1) names.push(String(JSON.parse(string)))
  }
  return names
}
