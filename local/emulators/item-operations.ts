import type { Container, Engine, EngineAnswer } from './cosmos-engine.mjs'
import { header, notSupported, type ItemRequest } from './cosmos-request.ts'
import { indexEntries } from './indexing-policy.ts'
import { isJsonObject, type Json } from './json.ts'
import { checkOwnKey, fullKey, type PartitionKey } from './partition-key.ts'
import { prepareQuery } from './query-preparation.ts'
import { badRequest, notFound, HttpError } from './http-error.ts'
import { requestCharge, type Operation } from './request-charge.ts'

/** An answer with what it cost. */
export interface ChargedAnswer extends EngineAnswer {
  charge: number
}

/** Checks an operation on items as Azure would, runs it, and adds the headers that SDKs read. */
export async function runItemOperation(
  engine: Engine,
  request: ItemRequest,
): Promise<ChargedAnswer> {
  const container = engine.container(request.database, request.container)
  if (container === undefined) throw notFound('Resource Not Found: the container does not exist.')
  if (request.operation === 'plan') return { status: 200, headers: {}, body: {}, charge: 0 }
  const answer = await run(engine, request, request.operation, container)
  return { ...answer, headers: { ...answer.headers, ...itemHeaders(container, answer.charge) } }
}

async function run(
  engine: Engine,
  request: ItemRequest,
  operation: Operation,
  container: Container,
): Promise<ChargedAnswer> {
  checkSession(header(request, 'x-ms-session-token'), operation, container)
  if (operation === 'query') {
    return charged(operation, await engine.answer(prepareQuery(request, container)), container)
  }
  const { paths } = container.definition.partitionKey
  const key = fullKey(header(request, 'x-ms-documentdb-partitionkey'), paths)
  checkItemRequest(request, key, paths)
  const before = container.item(request.id ?? '', key)
  const answer = await engine.answer(request)
  return charged(operation, answer, container, before)
}

function itemHeaders({ rid, lsn }: Container, charge: number): Record<string, string> {
  return {
    'x-ms-request-charge': String(charge),
    'x-ms-session-token': `0:-1#${lsn()}`, // one partition range, and no regions
    'x-ms-content-path': rid, // by which an SDK files the session token
  }
}

/** A read may name a write that it must see. Here it always does, unless the token is from elsewhere. */
function checkSession(token: string | undefined, operation: Operation, { lsn }: Container): void {
  if (token === undefined || (operation !== 'read' && operation !== 'query')) return
  const wanted = [...token.matchAll(/#(\d+)/g)].map((match) => Number(match[1]))
  if (Math.max(0, ...wanted) <= lsn()) return
  throw new HttpError(404, 'The read session is not available for the input session token.', 1002)
}

/** The checks of each operation on one item. */
function checkItemRequest(request: ItemRequest, key: PartitionKey, paths: string[]): void {
  const { operation, body, id } = request
  if (operation === 'patch') checkPatch(body, paths)
  if (operation !== 'create' && operation !== 'upsert' && operation !== 'replace') return
  if (!isJsonObject(body)) throw badRequest('The item is not a JSON object.')
  checkOwnKey(key, paths, body)
  if (id !== undefined && body['id'] !== id) throw badRequest('The id of an item cannot change.')
}

function checkPatch(body: unknown, keyPaths: string[]): void {
  if (isJsonObject(body) && 'condition' in body) throw notSupported('A condition on a patch')
  const operations: unknown = isJsonObject(body) ? body['operations'] : body
  if (!Array.isArray(operations)) throw badRequest('The patch has no operations.')
  const touched = operations.filter(isJsonObject).flatMap(({ path, from }) => [path, from])
  for (const path of ['/id', ...keyPaths]) {
    const changes = touched.some((each) => each === path || String(each).startsWith(`${path}/`))
    if (changes) throw badRequest(`Patching ${path}, the id or a partition key, is not allowed.`)
  }
}

/** Adds what the operation cost, and the bytes of the body, from which that comes: items have up to 2 MB to write. */
function charged(
  operation: Operation,
  answer: EngineAnswer,
  { definition }: Container,
  before?: Json,
): ChargedAnswer {
  const { status, body } = answer
  const isSuccess = status < 400
  const item = operation === 'delete' ? before : body
  const bytes = Buffer.from(JSON.stringify(item) ?? '')
  const items = isJsonObject(body) && Array.isArray(body['Documents']) ? body['Documents'] : []
  const charge = requestCharge({
    operation: status === 201 ? 'create' : operation, // an upsert of something new is a create
    isSuccess,
    bytes: bytes.length,
    indexEntries: indexEntries(definition.indexingPolicy, item),
    items: items.length,
  })
  return isSuccess && item === body ? { ...answer, charge, bytes } : { ...answer, charge }
}
