/**
 * A Cosmos DB emulator that refuses what Azure refuses: `@vercel/cosmosdb-server`, in memory, with
 * its mistakes put right (cosmos-engine.mjs) and Azure's checks before it (item-operations.ts).
 * `node strict-cosmos.ts PORT`; plain http, on the loopback interface.
 *
 * It checks the signature, the partition key of every operation, the size, id and `ttl` of items,
 * container definitions, and that the indexing policy serves every query. It counts operations and
 * request units: `GET /_strict/usage`, and `DELETE` to begin again. `POST /_strict/items` creates many items at once, which
 * is for tests, and not counted (bulk-items.ts).
 *
 * Stricter than Azure: a filter that no index serves is refused, not scanned (query-index.ts).
 * Refused because the emulator gets it wrong: transactional batch and bulk (not atomic), the change
 * feed (ends after one page), a condition on a patch (evaluated in lower case).
 *
 * What Azure does and this does not:
 * - throttle (429), fail over, split partitions, or answer from a replica that is behind: reads are
 *   strongly consistent, a page is never shorter than asked for, and a session token is refused
 *   (404, substatus 1002) only if it is ahead of every write to the container;
 * - DISTINCT, GROUP BY, LIKE, OFFSET … LIMIT: a syntax error (400) here;
 * - If-None-Match, triggers, stored procedures, conflicts, offers, AAD tokens, resource tokens;
 * - limits on partition key size (2 KB), partition size (20 GB), response size (4 MB), nesting, and
 *   the age of a request's date;
 * - query plans: a query across partitions runs as it is written, so what only the SDK's own
 *   pipeline refuses or merges is not seen.
 * Expired items go in whole seconds, at the next look; request units are estimates
 * (request-charge.ts); `etag` is a bare UUID, without Azure's quotes inside.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createItems } from './bulk-items.ts'
import { announce, endWithParent, fail } from './child-protocol.ts'
import { checkDefinition } from './container-definition.ts'
import { openEngine, type EngineAnswer } from './cosmos-engine.mjs'
import {
  asItemRequest,
  bulkPath,
  header,
  readRequest,
  type CosmosRequest,
} from './cosmos-request.ts'
import { checkSignature } from './cosmos-signature.ts'
import { runItemOperation } from './item-operations.ts'
import { isJsonObject } from './json.ts'
import { HttpError } from './http-error.ts'
import { createUsage } from './usage.ts'

const codes: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
}

const engine = openEngine()
const usage = createUsage()

async function answer(request: CosmosRequest): Promise<EngineAnswer> {
  if (request.url === '/_strict/usage') return answerUsage(request.method)
  if (request.url === bulkPath)
    return { status: 201, headers: {}, body: { created: await createItems(engine, request) } }
  const date = header(request, 'x-ms-date') ?? ''
  checkSignature({ ...request, date, authorization: header(request, 'authorization') })
  const itemRequest = asItemRequest(request)
  if (itemRequest !== undefined) return answerItems(itemRequest)
  if (writesContainer(request)) checkDefinition(request.body)
  const answered = await engine.answer(request)
  return request.segments.length === 0
    ? { ...answered, body: withOwnEndpoint(answered.body, request) }
    : answered
}

async function answerItems(request: NonNullable<ReturnType<typeof asItemRequest>>) {
  const { operation, database, container } = request
  let charge = 1 // what a failure costs
  let isRefused = true
  try {
    const answered = await runItemOperation(engine, request)
    charge = answered.charge
    isRefused = answered.status >= 400
    return answered
  } finally {
    if (operation !== 'plan') usage.add(`${database}/${container}`, operation, charge, isRefused)
  }
}

function answerUsage(method: string): EngineAnswer {
  if (method === 'DELETE') usage.reset()
  return { status: 200, headers: {}, body: usage.read() }
}

function writesContainer(request: CosmosRequest): boolean {
  const [, , colls, container, more] = request.segments
  if (colls !== 'colls' || more !== undefined) return false
  if (container !== undefined) return request.method === 'PUT'
  return request.method === 'POST' && header(request, 'content-type') !== 'application/query+json'
}

/**
 * The emulator says that it is to be reached by https, and an SDK goes where the account says. The
 * caller's own Host header keeps it here, or at the proxy that it came through.
 */
function withOwnEndpoint(body: unknown, request: CosmosRequest): unknown {
  const endpoint = `http://${request.headers.host ?? '127.0.0.1'}/`
  const locations = [{ name: 'Local', databaseAccountEndpoint: endpoint }]
  const written = { writableLocations: locations, readableLocations: locations }
  return isJsonObject(body) ? { ...body, ...written } : body
}

function errorAnswer(error: unknown): EngineAnswer {
  if (!(error instanceof HttpError)) throw error
  const headers = { 'x-ms-request-charge': '1', 'x-ms-substatus': String(error.substatus) }
  return { status: error.status, headers, body: { message: error.message } }
}

async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
  const answered = await readRequest(message).then(answer).catch(errorAnswer)
  const { status, headers, body, bytes = bytesOf(status, body) } = answered
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    'x-ms-activity-id': randomUUID(),
    ...etagOf(body),
    ...headers,
  })
  response.end(bytes)
}

function bytesOf(status: number, body: unknown): Buffer {
  const sent = status < 400 ? body : withCode(status, body)
  return Buffer.from(status === 204 ? '' : JSON.stringify(sent))
}

function etagOf(body: unknown): { etag?: string } {
  return isJsonObject(body) && typeof body['_etag'] === 'string' ? { etag: body['_etag'] } : {}
}

/** Errors of the emulator come with and without a code and a message; SDKs read both. */
function withCode(status: number, body: unknown): unknown {
  return { code: codes[status] ?? 'Error', message: '', ...(isJsonObject(body) ? body : {}) }
}

endWithParent()
const server = createServer((message, response) => {
  handle(message, response).catch((error: unknown) => {
    console.error(error)
    response.writeHead(500).end()
  })
})
server.keepAliveTimeout = 3_600_000 // the default, 5 s, closes sockets just as a client uses them
server.once('error', fail)
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  announce({ cosmos: addressOf(server.address()).port })
})

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('No TCP address')
  return address
}
