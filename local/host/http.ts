// The HTTP side, as in the host's classic mode (no streaming): a request becomes the host's RpcHttp message, of which the
// library makes an HttpRequest (GrpcMessageConversionExtensions.cs), and the function's answer becomes a response.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { format } from 'node:util'
import { log } from './log.ts'
import { findRoute, type Route } from './routes.ts'
import { createPendingCount } from './pending-count.ts'
import type { App } from './worker.ts'

type HttpApp = { app: App; routes: Route[]; runTimer: (name: string) => 202 | 404 }

/** Serves the routes on 127.0.0.1. `stop` waits for pending responses, `closeConnections` does not. */
export async function startHttp(port: number, site: HttpApp) {
  const pending = createPendingCount()
  // Kestrel's limits: 32 KB of headers, idle connections kept 130 s (Node's 5 s fail pooling clients).
  const options = { maxHeaderSize: 32_768, keepAliveTimeout: 130_000 }
  const server = createServer(options, (request, response) => {
    pending.increment()
    response.once('close', pending.decrement)
    respond(site, request, response).catch((error: unknown) => {
      log('error', 'Host', format(error)) // an upload broken off, an answer HTTP cannot carry
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
  const url = URL.parse(`http://${request.headers.host ?? 'localhost'}${request.url}`)
  if (!url) return send(response, 400)
  const size = Number(request.headers['content-length'] ?? 0) // a chunked body counts as none
  const admin = /^POST \/admin\/functions\/([\w-]+)$/i.exec(`${method} ${url.pathname}`)?.[1]
  if (admin) return send(response, size > 0 ? site.runTimer(admin) : 400)
  const found = findRoute(site.routes, method, url.pathname)
  if (!found || found.fn.isDisabled) return send(response, 404)
  if (size > 104_857_600) return send(response, 413, { connection: 'close' }) // unread
  const body = size > 0 ? { bytes: await read(request) } : undefined
  const headers = headersOf(request)
  const http = { method, url: url.href, headers, query: queryOf(url), params: found.params, body }
  const { hasFailed, answer } = await site.app.invoke(found.fn, { data: { http }, headers })
  if (!answer) return send(response, hasFailed ? 500 : 204) // what was thrown is for the log only
  if (answer.cookies.length > 0) throw new Error('the local host has no cookies')
  send(response, Number(answer.statusCode), answer.headers, answer.body?.bytes)
}

async function read(request: IncomingMessage) {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk)) // 60 µs less than stream/consumers
  await once(request, 'end')
  return Buffer.concat(chunks)
}

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

/** A body is chunked unless the function gave a content-length. */
function send(response: ServerResponse, status: number, headers = {}, body?: Uint8Array) {
  for (const [name, value] of Object.entries<string>(headers)) response.setHeader(name, value)
  response.statusCode = status
  if (body?.length) response.write(body)
  response.end()
}
