// The HTTP side, with streaming as the host has it (DefaultHttpProxyService.cs): the function is invoked with the headers and
// route values, and reads the body from the request itself, which goes to the library's HTTP server; that one answers.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { format } from 'node:util'
import { log } from './log.ts'
import { refusalOf } from './refusals.ts'
import { findRoute, type Route } from './routes.ts'
import { createPendingCount } from './pending-count.ts'
import type { App } from './worker.ts'

type HttpApp = {
  app: App
  routes: Route[]
  runTimer: (name: string) => 202 | 404
  proxySeconds: number // how long the host waits for an answer of the worker
  intercept?: Intercept | undefined
}
/** Answers what is no function's where it returns true. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean
const MAX_BODY_BYTES = 104_857_600
const DRAIN_MS = 5000 // how long Kestrel reads on after the answer, then it closes the connection

/** Serves the routes on 127.0.0.1. `stop` waits for pending responses, `closeConnections` does not. */
export async function startHttp(port: number, site: HttpApp) {
  const pending = createPendingCount()
  // Kestrel's limits: 32 KB of headers, idle connections kept 130 s (Node's 5 s fail pooling clients).
  const options = { maxHeaderSize: 32_768, keepAliveTimeout: 130_000 }
  const server = createServer(options, (request, response) => {
    pending.increment()
    response.once('close', pending.decrement)
    response.once('finish', () => drain(request))
    respond(site, request, response).catch((error: unknown) => {
      log('error', 'Host', format(error)) // an answer HTTP cannot carry
      send(response, 500)
    })
  })
  await once(server.listen(port, '127.0.0.1'), 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address?.port}`
  async function stop() {
    server.close()
    await pending.waitUntilAtMost(0)
  }
  return { url, stop, closeConnections: () => server.closeAllConnections() }
}

async function respond(site: HttpApp, request: IncomingMessage, response: ServerResponse) {
  const { method = '' } = request
  const refusal = refusalOf(request)
  if (refusal) return refuse(response, refusal)
  if (site.intercept?.(request, response)) return
  const host = request.headers.host ?? 'localhost'
  const url = URL.parse(`http://${host}${request.url}`)
  if (!url) return send(response, 400)
  const size = Number(request.headers['content-length'] ?? 0)
  const admin = /^POST \/admin\/functions\/([\w-]+)$/i.exec(`${method} ${url.pathname}`)?.[1]
  if (admin) return send(response, size > 0 ? site.runTimer(admin) : 400)
  const found = findRoute(site.routes, method, url.pathname)
  if (!found || found.fn.isDisabled) return send(response, 404)
  if (size > MAX_BODY_BYTES) return refuse(response, 500)
  const id = randomUUID()
  const headers = headersOf(request)
  const values = Object.entries({ ...queryOf(url), ...found.params })
  const metadata = Object.fromEntries(values.map(([name, string]) => [name, { string }]))
  Object.assign(metadata, { Headers: { json: utf8(JSON.stringify(headers)) } })
  const forwarded = { 'x-forwarded-host': host, 'x-forwarded-proto': 'http' }
  Object.assign(request.headers, forwarded, { 'x-ms-invocation-id': id })
  site.app.streamServer?.emit('request', request, response)
  await site.app.invoke(found.fn, { id, data: {}, metadata, headers })
  if (!response.writableEnded) failLater(response, site.proxySeconds)
}

/** What throws or returns nothing is never answered by the worker: the host gives up in the end. */
function failLater(response: ServerResponse, seconds: number) {
  const giveUp = setTimeout(() => send(response, 500), seconds * 1000).unref()
  response.once('close', () => clearTimeout(giveUp))
}

/** Ends the connection of a client that goes on sending after the answer. */
function drain(request: IncomingMessage) {
  if (request.complete) return
  const close = setTimeout(() => request.destroy(), DRAIN_MS).unref()
  request.once('close', () => clearTimeout(close))
}

/** Header values are UTF-8, which Node.js reads as Latin-1. */
const utf8 = (latin1: string) => Buffer.from(latin1, 'latin1').toString()

/** All values of each header, joined with "," and no space; `request.headers` has only the first of some. */
function headersOf({ headersDistinct }: IncomingMessage): Record<string, string> {
  const all = Object.entries(headersDistinct)
  return Object.fromEntries(all.map(([name, values = []]) => [name, values.join()]))
}

/** All values of each name, in any case, joined likewise. */
function queryOf({ search, searchParams }: URL): Record<string, string> {
  if (!search) return {}
  const groups = [...Map.groupBy(searchParams, ([name]) => name.toLowerCase()).values()]
  return Object.fromEntries(groups.map((all) => [all[0]?.[0], all.map((pair) => pair[1]).join()]))
}

function refuse(response: ServerResponse, status: number) {
  response.setHeader('connection', 'close')
  send(response, status)
}

function send(response: ServerResponse, status: number) {
  response.statusCode = status
  response.end()
}
