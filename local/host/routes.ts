// Route templates as ASP.NET Core reads them, and the host's rule: the first function by name wins, not the most exact
// template (FunctionMetadataManager.cs, WebJobsRouteBuilder.cs, ValidateHttpFunction in ScriptHost.cs).
import { unescape } from 'node:querystring'
import { log } from './log.ts'
import type { AppFunction } from './worker.ts'

export type Route = { fn: AppFunction; methods: string[]; pattern: RegExp }

// https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints; int by its digits alone.
const constraints = new Map([
  ['alpha', '[a-z]+'],
  ['bool', 'true|false'],
  ['guid', String.raw`[\da-f]{8}(?:-?[\da-f]{4}){3}-?[\da-f]{12}`],
  ['int', String.raw`[-+]?\d{1,10}`],
])

/** Makes the table of HTTP functions, which come by name. Those the host leaves out are named in the log. */
export function buildRoutes(functions: AppFunction[], prefix: string) {
  const table: Route[] = []
  for (const fn of functions) {
    const route = fn.route || fn.name
    const methods = (fn.methods ?? []).map((method) => method.toUpperCase())
    const reserved = /^\/?(admin|runtime)/i.test(route) ? 'the host itself' : undefined
    const pattern = compile(`/${prefix}/${route}/`.replaceAll(/\/+/g, '/'))
    const owner = reserved ?? table.find((other) => isTaken(other, methods, pattern))?.fn.name
    if (!owner) table.push({ fn, methods, pattern })
    else log('error', 'Host', `${fn.name} is left out: its route "${route}" is that of ${owner}`)
  }
  return table
}

const isTaken = (other: Route, methods: string[], { source }: RegExp) =>
  other.pattern.source.toLowerCase() === source.toLowerCase() &&
  other.methods.some((method) => methods.includes(method))

/** Finds the function that answers, and its route parameters; an optional one that is missing is absent. */
export function findRoute(table: Route[], method: string, pathname: string) {
  const path = unescape(pathname.replaceAll(/%(?=2f)/gi, '%25')) // %2F stays, it is no separator
  for (const { fn, methods, pattern } of table) {
    const found = methods.includes(method) ? pattern.exec(path) : undefined
    if (!found) continue
    const present = Object.entries(found.groups ?? {}).filter(([, value]) => value)
    return { fn, params: Object.fromEntries(present) }
  }
  return undefined
}

/** Turns a template, with slashes around it, into a pattern that has a group for each parameter. */
function compile(template: string) {
  const parts = template.split(/(\/?\{[^{}]*\}|[{}])/) // literals at 0, 2, 4, …
  const source = parts.map((part, index) =>
    index % 2 ? parameter(part, template) : part.replaceAll(/[^\w/]/g, String.raw`\$&`),
  )
  return new RegExp(`^${source.join('')}?$`, 'i')
}

/** Reads {name}, {name?}, {name:constraint} or {*rest}. */
function parameter(part: string, template: string) {
  const [, slash, star, name, constraint, optional] =
    /^(\/?)\{(\*{0,2})([a-z_]\w*)(?::([^?]+))?(\??)\}$/i.exec(part) ?? []
  const any = star ? '.*' : '[^/]+?'
  const value = constraint ? constraints.get(constraint.toLowerCase()) : any
  if (!name || !value) throw new Error(`the local host cannot read ${part} in route "${template}"`)
  const group = `${slash}(?<${name}>${value})`
  return star || optional ? `(?:${group})?` : group
}
