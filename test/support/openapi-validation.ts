import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020, type Options } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'

const text = readFileSync(path.join(import.meta.dirname, '../../dist/openapi.json'), 'utf8')

/** docs/openapi.yaml, as it is served. */
export const description: Description = JSON.parse(text)

interface Description {
  info: { version: string }
  paths: Record<string, Record<string, object>>
}

interface Header {
  required?: boolean
}

interface Described {
  headers?: Record<string, Header>
  content?: Record<string, object>
}

const bodies = validator({})
const headers = validator({ coerceTypes: true }) // all headers are text

function validator(options: Options): Ajv2020 {
  const ajv = new Ajv2020({
    ...options,
    allErrors: true,
    strictTypes: false,
    code: { optimize: false }, // each check runs a few times, and is compiled in a third less time
    validateSchema: false, // `npm run openapi` does: the schema of schemas takes 0.3 s to compile, in each test file
  })
  formats.default(ajv)
  return ajv.addVocabulary(Object.keys(description)).addSchema(description, 'openapi.json')
}

const routes = Object.entries(description.paths).flatMap(([template, operations]) => {
  const pattern = new RegExp(
    `^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}/?$`,
    'i',
  ) // as the host reads routes
  return Object.keys(operations)
    .filter((name) => name !== 'parameters')
    .map((method) => ({ template, method, pattern }))
})

/** Every operation that is described, as `GET /path`. */
export const operations = routes.map(
  ({ method, template }) => `${method.toUpperCase()} ${template}`,
)

/** Whether a value is as a schema of the description has it, such as '/components/schemas/Delivery'. */
export function assertValid(pointer: string, value: unknown): void {
  validate(bodies, pointer, value)
}

/**
 * Fails unless the description has this answer: operation, status, every header, media type, and the body to the letter.
 * `pathname` begins below the route prefix. What the host answers by itself is not described, and has no body.
 */
export async function assertDescribed(
  method: string,
  pathname: string,
  answer: Response,
): Promise<void> {
  const body = await answer.clone().text()
  if (ofHost.includes(answer.status) && body === '') return
  const told = `${method} ${pathname}: ${answer.status} ${body}`
  const route = routes.find(
    (each) => each.method === method.toLowerCase() && each.pattern.test(pathname),
  )
  assert.ok(route, `no such operation is described: ${told}`)
  const { pointer, described } = follow(
    pointerTo('paths', route.template, route.method, 'responses', String(answer.status)),
  )
  assert.ok(described, `no such status is described: ${told}`)
  assertHeaders(pointer, described.headers ?? {}, answer.headers)
  if (method !== 'HEAD') assertBody(pointer, described.content ?? {}, answer.headers, body)
}

const ofHost = [400, 404, 414, 431] // no HTTP, no such route, or too many bytes before the body
// Of the connection, of HTTP streaming, and what Kestrel and Application Insights add in Azure.
const ofTransport = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding']
ofTransport.push('x-ms-invocation-id', 'server', 'request-context')

/** Whether one of `given` is as the header that is described at `pointer` has it. */
export function assertHeaderValid(pointer: string, given: Record<string, string>): void {
  const { name, required } = Object(follow(pointer).described)
  const value = given[name]
  if (value === undefined) assert.notEqual(required, true, `${name} is missing, see ${pointer}`)
  else validate(headers, `${pointer}/schema`, value)
}

function assertHeaders(pointer: string, described: Record<string, Header>, given: Headers): void {
  const names = Object.keys(described).map((name) => name.toLowerCase())
  for (const name of given.keys())
    assert.ok(
      [...names, ...ofTransport, 'content-type'].includes(name),
      `the header ${name} is not described at ${pointer}`,
    )
  for (const name of Object.keys(described)) {
    const header = follow(`${pointer}${pointerTo('headers', name)}`)
    const value = given.get(name)
    if (value !== null) validate(headers, `${header.pointer}/schema`, value)
    else assert.notEqual(header.described?.required, true, `${name} is missing, see ${pointer}`)
  }
}

function assertBody(
  pointer: string,
  described: Record<string, object>,
  given: Headers,
  body: string,
): void {
  const [type = ''] = given.get('content-type')?.split(';') ?? []
  if (type === '' && body === '' && Object.keys(described).length === 0) return
  assert.ok(type in described, `"${type}" is not described at ${pointer}: ${body}`)
  validate(bodies, `${pointer}${pointerTo('content', type, 'schema')}`, JSON.parse(body))
}

function validate(ajv: Ajv2020, pointer: string, value: unknown): void {
  const escaped = pointer.split('/').map(encodeURIComponent).join('/')
  const check = ajv.getSchema(`openapi.json#${escaped}`)
  assert.ok(check, `there is no schema at ${pointer}`)
  if (check(value) !== true)
    assert.fail(
      `${JSON.stringify(value)} is not as ${pointer} says: ${ajv.errorsText(check.errors)}`,
    )
}

const pointerTo = (...names: string[]): string =>
  names.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The place that a pointer leads to, by way of a reference where it stands there. */
function follow(pointer: string): { pointer: string; described: (Described & Header) | undefined } {
  const names = pointer.split('/').slice(1)
  const found = names.reduce<unknown>(
    (node, name) => Object(node)[name.replaceAll('~1', '/').replaceAll('~0', '~')],
    description,
  )
  const { $ref } = Object(found)
  return typeof $ref === 'string'
    ? follow($ref.slice(1))
    : { pointer, described: found && Object(found) }
}
