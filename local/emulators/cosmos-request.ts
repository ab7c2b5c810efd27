import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { isJsonObject } from './json.ts'
import { badRequest, HttpError } from './http-error.ts'
import type { Operation } from './request-charge.ts'

const maxBodyBytes = 4 * 1024 * 1024

/** Where many items are created at once: see bulk-items.ts. */
export const bulkPath = '/_strict/items'

/** A request to the Cosmos REST API, read and parsed. */
export interface CosmosRequest {
  method: string
  url: string
  headers: IncomingHttpHeaders
  /** The path, split at the slashes and decoded: `['dbs', 'events', 'colls', 'events', 'docs']`. */
  segments: string[]
  body: unknown
}

/** An operation on the items of a container; `plan` only asks how to run a query. */
export interface ItemRequest extends CosmosRequest {
  operation: Operation | 'plan'
  database: string
  container: string
  id: string | undefined
}

export async function readRequest(message: IncomingMessage): Promise<CosmosRequest> {
  const { method = 'GET', url = '/', headers } = message
  const path = url.split('?', 1)[0] ?? '/'
  const segments = path.split('/').filter(Boolean).map(decodeURIComponent)
  return { method, url, headers, segments, body: parse(await readBody(message)) }
}

/** The request as an operation on items, undefined if it is about something else. */
export function asItemRequest(request: CosmosRequest): ItemRequest | undefined {
  const [dbs, database, colls, container, docs, id] = request.segments
  if (dbs !== 'dbs' || colls !== 'colls' || docs !== 'docs') return undefined
  if (database === undefined || container === undefined) return undefined
  const operation = id === undefined ? operationOnAll(request) : operationOnOne(request)
  return { ...request, operation, database, container, id }
}

/** A header that may be there once. */
export function header(request: CosmosRequest, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function operationOnOne({ method }: CosmosRequest): Operation {
  switch (method) {
    case 'GET':
      return 'read'
    case 'PUT':
      return 'replace'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return 'delete'
    default:
      throw new HttpError(405, `${method} is not allowed on an item`)
  }
}

function operationOnAll(request: CosmosRequest): Operation | 'plan' {
  const says = (name: string) => header(request, name)?.toLowerCase() === 'true'
  if (header(request, 'a-im') !== undefined) throw notSupported('The change feed')
  if (says('x-ms-cosmos-is-batch-request')) throw notSupported('A transactional batch or bulk')
  if (request.method === 'GET') return 'query'
  if (request.method !== 'POST')
    throw new HttpError(405, `${request.method} is not allowed on items`)
  if (says('x-ms-cosmos-is-query-plan-request')) return 'plan'
  const type = header(request, 'content-type')
  if (says('x-ms-documentdb-isquery') || type === 'application/query+json') return 'query'
  return says('x-ms-documentdb-is-upsert') ? 'upsert' : 'create'
}

export function notSupported(what: string): HttpError {
  return badRequest(`${what} is not supported by the local emulator.`)
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of message) {
    size += chunk.length
    if (size <= maxBodyBytes) chunks.push(chunk) // read on: a reset would hide the answer
  }
  if (size > maxBodyBytes) throw new HttpError(413, 'Request size is too large')
  return Buffer.concat(chunks).toString()
}

function parse(text: string): unknown {
  if (text === '') return undefined
  try {
    const body: unknown = JSON.parse(text)
    if (isJsonObject(body) || Array.isArray(body)) return body
  } catch {
    // answered below
  }
  throw badRequest('The request body is not valid JSON.')
}
