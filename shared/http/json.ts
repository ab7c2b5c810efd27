import { pointerTo, Problem } from './problem.ts'

const MAX_DEPTH = 32 // the original's limit, altinn-contract §4.4

/**
 * Parses JSON text (RFC 8259). Refuses with a 400 what could not be stored as it was sent: numbers beyond a double,
 * lone surrogates, `__proto__`, more than 32 levels.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') throw new Problem(400, 'A non-empty request body is required.')
  if (text.startsWith('\uFEFF')) throw new Problem(400, 'The body begins with a byte order mark.')
  const value = parseSyntax(text)
  rejectUnstorable(value, [])
  return value
}

function parseSyntax(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Problem(400, ['The body is not valid JSON', ...syntaxErrorOf(error)].join(': '))
  }
}

/** V8's words for it, without the piece of the text that it may quote: publishers log what we answer, and it names people. */
function syntaxErrorOf(error: unknown): string[] {
  const message = error instanceof Error ? error.message : ''
  return [message.replace(/(?:^|, )(?:\.{3})?".*$/s, '')].filter((reason) => reason !== '')
}

function rejectUnstorable(value: unknown, path: string[]): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    reject(path, 'is a number beyond the range of a double')
  if (typeof value === 'string' && !value.isWellFormed()) reject(path, 'has a lone surrogate')
  if (typeof value !== 'object' || value === null) return
  if (path.length >= MAX_DEPTH)
    throw new Problem(400, `The body is nested deeper than ${MAX_DEPTH} levels.`)
  for (const [name, member] of Object.entries(value)) {
    path.push(name)
    if (name === '__proto__') reject(path, 'is not allowed as a name')
    if (!name.isWellFormed()) reject(path, 'has a lone surrogate in its name')
    rejectUnstorable(member, path)
    path.pop()
  }
}

function reject(path: string[], reason: string): never {
  throw new Problem(400, `${pointerTo(path)} ${reason}.`)
}

/**
 * The members of a JSON object by name in lower case. Where a name stands twice, in whatever case, the last one in the
 * text counts (altinn-contract §4.4). `object` must be what `text` parses to.
 */
export function membersOf(text: string, object: object): Map<string, unknown> {
  const entries = Object.entries(object)
  const members = new Map(entries.map(([name, value]) => [name.toLowerCase(), value]))
  if (members.size === entries.length) return members
  const bySpelling = new Map(entries)
  for (const name of namesInOrder(text)) members.set(name.toLowerCase(), bySpelling.get(name))
  return members
}

/** JSON.parse keeps the place of the first of equal names, so the order of the last ones is read from the text itself. */
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
