// Route templates as ASP.NET Core reads them, and the host's rule: the first function by name wins, not the most exact
// template (FunctionMetadataManager.cs, WebJobsRouteBuilder.cs, ValidateHttpFunction in ScriptHost.cs).
import { constraints } from './route-constraints.ts'
import type { AppFunction, Log } from './worker.ts'

type Route = ReturnType<typeof compile> & {
  fn: AppFunction
  route: string
  methods: string[] | undefined
}
type Parameter = { name: string; checks: ((value: string) => boolean)[] }

/** Makes the table of the HTTP functions among those given, which come by name. Those the host leaves out are named in the log. */
export function buildRoutes(functions: AppFunction[], prefix: string, log: Log) {
  const table: Route[] = []
  for (const fn of functions.filter(({ kind }) => kind === 'http')) {
    const route = (fn.trigger.route || fn.name).replace(/^\/+|\/+$/g, '')
    const methods = fn.trigger.methods?.map((method) => method.toUpperCase())
    const reserved = /^(admin|runtime)/i.test(route) ? 'the host itself' : undefined
    const owner = reserved ?? table.find((other) => conflict(other, route, methods))?.fn.name
    if (owner)
      log('error', 'Host', `${fn.name} is left out: its route "${route}" is that of ${owner}`)
    else
      table.push({ fn, route, methods, ...compile(prefix ? `/${prefix}/${route}` : `/${route}`) })
  }
  return table
}

function conflict(other: Route, route: string, methods: string[] | undefined) {
  if (other.route.toLowerCase() !== route.toLowerCase()) return false
  return !methods || !other.methods || other.methods.some((method) => methods.includes(method))
}

/** Finds the function that answers, and its route parameters. */
export function findRoute(table: Route[], method: string, pathname: string) {
  const decoded = decode(pathname)
  for (const { fn, methods, match } of table) {
    const params = methods?.includes(method) === false ? undefined : match(decoded)
    if (params) return { fn, params }
  }
  return undefined
}

// Decoded once, except %2F, so that it does not become a separator.
function decode(pathname: string) {
  return pathname.replaceAll(/(?:%(?!2f)[\da-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped)
    } catch {
      return escaped // not UTF-8
    }
  })
}

/** Turns a whole template, with its leading slash, into a pattern. */
function compile(template: string) {
  const parameters: Parameter[] = []
  let source = '^'
  let end = 0
  for (const found of template.matchAll(/(\/?)\{((?:\{\{|\}\}|[^{}])+)\}/g)) {
    const [whole, slash = '', inner = ''] = found
    const { pattern, ...parameter } = parseParameter(template, slash, inner)
    parameters.push(parameter)
    source += escape(template, template.slice(end, found.index)) + pattern
    end = found.index + whole.length
  }
  const pattern = new RegExp(`${source}${escape(template, template.slice(end))}/?$`, 'is')
  return { match: (pathname: string) => bind(parameters, pattern.exec(pathname)) }
}

function escape(template: string, literal: string) {
  if (/[{}]/.test(literal)) throw new Error(`the local host cannot read the route "${template}"`)
  return literal.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')
}

// {name}, {name?}, {*rest}, {name:constraint:constraint(arguments)}; braces in arguments are doubled.
function parseParameter(template: string, slash: string, inner: string) {
  const bare = inner.replaceAll('{{', '{').replaceAll('}}', '}')
  const found = /^(\**)(\w+)((?::\w+(?:\(.*\))?)*)(\??)$/s.exec(bare)
  if (!found) throw new Error(`the local host cannot read {${inner}} in the route "${template}"`)
  const [, stars, name = '', list = '', optional] = found
  const checks = [...list.matchAll(/:(\w+)(?:\((.*?)\))?(?=:|$)/gs)].map(
    ([, key = '', args = '']) => {
      const make = constraints.get(key.toLowerCase())
      if (!make) throw new Error(`the local host has no constraint "${key}" (route "${template}")`)
      return make(args)
    },
  )
  const value = stars ? '(.*)' : '([^/]+?)'
  return { name, checks, pattern: stars || optional ? `(?:${slash}${value})?` : slash + value }
}

function bind(parameters: Parameter[], found: RegExpExecArray | null) {
  if (!found) return undefined
  const params = new Map<string, string>()
  for (const [index, { name, checks }] of parameters.entries()) {
    const value = found[index + 1]
    if (!value) continue // an optional one that is not there
    if (!checks.every((check) => check(value))) return undefined
    params.set(name, value)
  }
  return params
}
