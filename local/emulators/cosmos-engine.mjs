/* oxlint-disable no-underscore-dangle -- the names are the emulator's */
/**
 * `@vercel/cosmosdb-server` 1.0.1 without its HTTP server, put right where it stores or finds
 * something else than Azure. It is untyped inside, so what the rest may rely on is declared in
 * cosmos-engine.d.mts.
 */
import { createRequire } from 'node:module'
import accounts from '@vercel/cosmosdb-server/lib/account/index.js'
import documents from '@vercel/cosmosdb-server/lib/account/documents.js'
import json from '@vercel/cosmosdb-server/lib/json.js'
import routes from '@vercel/cosmosdb-server/lib/routes.js'
import header from '@vercel/cosmosdb-server/lib/utils/get-partition-from-header.js'
import { checkItem, isExpired } from './item-limits.ts'
import { keyOfItem, keyText } from './partition-key.ts'
import { badRequest } from './http-error.ts'

// The emulator's own parser, at the version that it uses.
const emulator = createRequire(import.meta.resolve('@vercel/cosmosdb-server'))
const { default: parse } = emulator('@zeit/cosmosdb-query')

const pageSize = 100 // Azure's, where a query does not say
const keptQueries = 500
const queries = new Map()

// It takes the first level of a hierarchical key for the whole: an id was unique per resource, and
// a read with the wrong subject found the item. Here a partition is all levels, as one text.
header.parsePartitionKey = (text) => keyText(JSON.parse(text))
// The front has parsed the body already.
json.default = async (request) => request.body

const Documents = documents.default
const { _item, _set, create, replace, delete: remove } = Documents.prototype

Object.assign(Documents.prototype, {
  _getPartition(item) {
    return keyText(keyOfItem(this._partitionKeyPath, item))
  },
  _item(...address) {
    const found = _item.apply(this, address)
    const item = found.read()
    return item !== undefined && this.isExpired(item) ? this._newItem() : found
  },
  isExpired(item) {
    return isExpired(item, this._parent.read().defaultTtl)
  },
  create(item) {
    checkItem(item)
    return create.call(this, item)
  },
  replace(item, previous) {
    checkItem(item)
    return replace.call(this, item, previous)
  },
  _set(item) {
    this.lsn = (this.lsn ?? 0) + 1
    return _set.call(this, item)
  },
  delete(...address) {
    this.lsn = (this.lsn ?? 0) + 1
    return remove.apply(this, address)
  },
  _getQuery: queryOf,
  /** Only items that may match go to the interpreter, which takes 8 to 20 µs for each. */
  query({ query, parameters, mayMatch }, { maxItemCount, continuation }) {
    const items = []
    for (const [rid, document] of this._data) {
      const item = document.read()
      if (this.isExpired(item)) this._data.delete(rid)
      else if (mayMatch(item)) items.push(item)
    }
    const paging = { maxItemCount: maxItemCount > 0 ? maxItemCount : pageSize, continuation }
    const udf = this._userDefinedFunctions()
    try {
      return this._getQuery(query).exec(items, { parameters, udf, ...paging })
    } catch (error) {
      throw badRequest(error.message)
    }
  },
})

export function openEngine() {
  // Named 'localhost', an SDK would not believe its locations, and ask twice before every call.
  const account = new accounts.default('emulator', 0)
  return {
    container(database, id) {
      const found = account.database(database).collection(id)
      const definition = found.read()
      if (definition === undefined) return undefined
      return {
        definition,
        rid: definition._rid,
        lsn: () => found.documents.lsn ?? 0,
        item: (itemId, key) => found.document(itemId, keyText(key)).read(),
      }
    },
    answer: (request) => answer(account, request),
  }
}

async function answer(account, { method, url, headers, body }) {
  // Without this header the emulator compares keys by itself, and only at the top of the item.
  const anywhere = { 'x-ms-documentdb-query-enablecrosspartition': 'true' }
  const request = { method, url, headers: { ...headers, ...anywhere }, body }
  const response = createResponse()
  const route = routes.default(request)
  if (route === undefined) throw badRequest(`${method} ${url} is not known to the local emulator`)
  const [parameters, handler] = route
  const result = await handler(account, request, response, parameters)
  return { status: response.statusCode, headers: response.headers, body: result }
}

function createResponse() {
  const headers = {}
  return { statusCode: 200, headers, setHeader: (name, value) => void (headers[name] = value) }
}

export function parseQuery(text) {
  try {
    return queryOf(text).ast.body
  } catch (error) {
    throw badRequest(error.message)
  }
}

/** One for all containers: the emulator keeps them by container, and each test file, with its own, parsed each anew: 3 ms. */
function queryOf(text) {
  const query = queries.get(text) ?? parse(text)
  if (queries.size >= keptQueries) queries.clear()
  queries.set(text, query)
  return query
}
