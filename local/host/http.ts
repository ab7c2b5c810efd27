// The HTTP side, as in the host's classic mode (no streaming): a request becomes the host's RpcHttp message, whose parts
// the library makes an HttpRequest of (GrpcMessageConversionExtensions.cs), and the function's answer a response.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { format } from 'node:util'
import { send } from './http-answer.ts'
import { trace } from './invocation.ts'
import { findRoute } from './routes.ts'
import type { buildRoutes } from './routes.ts'
import type { App, AppFunction, Log } from './worker.ts'

type Site = {
  app: App
  routes: ReturnType<typeof buildRoutes>
  active: AppFunction[] // the others are 404
  run: (name: string, input: string) => unknown // undefined: there is no such function
  log: Log
}

/** Serves the routes on 127.0.0.1. `stop` waits for the answers under way, `cut` does not. */
export async function startHttp(port: number, site: Site) {
  const answering = new Set<Promise<void>>()
  // Kestrel's limits: 32 KB of headers, idle connections kept 130 s (Node's 5 s fail pooling clients).
  const limits = { maxHeaderSize: 32_768, keepAliveTimeout: 130_000 }
  const server = createServer(limits, (request, response) => {
    const done = respond(site, request, response).finally(() => answering.delete(done))
    answering.add(done)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening').catch((cause: unknown) => {
    throw new Error(`port ${port} is not to be had: ${String(cause)}`, { cause })
  })
  const cut = () => server.closeAllConnections()
  async function stop() {
    server.close()
    while (answering.size > 0) await Promise.all(answering)
    cut()
  }
  const address = server.address()
  return { port: typeof address === 'object' && address ? address.port : port, stop, cut }
}

async function respond(site: Site, request: IncomingMessage, response: ServerResponse) {
  try {
    await answer(site, request, response)
  } catch (error) {
    site.log('error', 'Host', format(error)) // an upload broken off, an answer HTTP cannot carry
    end(response, 500)
  }
  await finished(response).catch(() => undefined) // the client has gone: nobody is left to tell
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse) {
  const { method = '', url = '' } = request
  const target = `http://${request.headers.host ?? 'localhost'}${url}`
  if (!URL.canParse(target)) return end(response, 400)
  const { pathname, searchParams } = new URL(target)
  const admin = /^\/admin\/functions\/([\w-]+)$/i.exec(pathname)?.[1]
  if (admin && method === 'POST') return end(response, await startByName(site, request, admin))
  const found = findRoute(site.routes, method, pathname)
  if (!found || !site.active.includes(found.fn)) return end(response, 404)
  const limit = Number(process.env['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'] ?? 104_857_600)
  const size = Number(request.headers['content-length'] ?? 0) // a chunked body counts as none
  if (size > limit) return end(response.setHeader('connection', 'close'), 413) // and does not read it
  const headers = joined(pairs(request.rawHeaders))
  const message = {
    url: target,
    method,
    nullableHeaders: nullable(headers),
    nullableQuery: nullable(joined(searchParams)),
    nullableParams: nullable(found.params),
    ...(size > 0 && { body: { bytes: await read(request) } }),
  }
  const context = trace(headers.get('traceparent'), headers.get('tracestate'))
  const call = { data: { http: message }, trace: context }
  const { http, error } = await site.app.invoke(found.fn, call)
  if (http) send(response, http)
  else end(response, error ? 500 : 204) // the message of an error is for the log only
}

function end(response: ServerResponse, status: number) {
  if (!response.headersSent) response.statusCode = status
  response.end()
}

async function startByName(site: Site, request: IncomingMessage, name: string) {
  try {
    const body: unknown = JSON.parse(String(await read(request)))
    const input = typeof body === 'object' && body && 'input' in body ? body.input : ''
    return site.run(name, typeof input === 'string' ? input : JSON.stringify(input)) ? 202 : 404
  } catch {
    return 400
  }
}

async function read(request: IncomingMessage) {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

// Node keeps only the first of some repeated headers (authorization, content-type, …); its raw list has all.
function* pairs(raw: string[]): Iterable<[string, string]> {
  for (let i = 0; i < raw.length; i += 2) yield [raw[i]?.toLowerCase() ?? '', raw[i + 1] ?? '']
}

// The values of a repeated name, in any case, come under the first, joined with "," and no space.
function joined(entries: Iterable<[string, string]>) {
  const values = new Map<string, [name: string, value: string]>()
  for (const [name, value] of entries) {
    const [first, before] = values.get(name.toLowerCase()) ?? [name]
    values.set(name.toLowerCase(), [first, before === undefined ? value : `${before},${value}`])
  }
  return new Map(values.values())
}

const nullable = (values: Map<string, string>) =>
  Object.fromEntries([...values].map(([name, value]) => [name, { value }]))
