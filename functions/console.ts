import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { app, type HttpResponseInit } from '@azure/functions'
import { endpoint, type HttpCall } from '../shared/handlers.ts'

// The build writes the console's files into one folder, each with its gzip beside it. They are read on request, so that
// registering does not wait for them.
const folder = path.join(import.meta.dirname, '../dist/console')

const contentTypes = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
])

/** No inline code, no other host, no form that posts, no page around it. */
const protection = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** GET and HEAD /console/{*path}: a file of the console; every address without an extension is a page, which the browser finds. */
async function consoleFile({ request }: HttpCall): Promise<HttpResponseInit> {
  const asked = request.params['path'] ?? ''
  const name = path.extname(asked) === '' ? 'index.html' : asked
  const contentType = /^[\w-]+\.\w+$/.test(name) ? contentTypes.get(path.extname(name)) : undefined
  const isGzip = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
  const body = contentType && (await fileOf(isGzip ? `${name}.gz` : name))
  if (!body) return { status: 404, headers: protection }
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`
  const headers = {
    ...protection,
    etag,
    vary: 'accept-encoding',
    // The names of the others have their content's hash in them.
    'cache-control': name === 'index.html' ? 'no-cache' : 'public, max-age=31536000, immutable',
  }
  if (namesTag(request.headers.get('if-none-match'), etag)) return { status: 304, headers }
  const encoding = isGzip ? { 'content-encoding': 'gzip' } : {}
  return { headers: { ...headers, ...encoding, 'content-type': contentType }, body }
}

/** Whether If-None-Match names the tag. A proxy that compresses makes it weak: W/"…", which counts as the same (RFC 9110, 13.1.2). */
const namesTag = (header: string | null, etag: string): boolean =>
  (header ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)

/** Returns the bytes; undefined for a file that is not there. */
const fileOf = (name: string): Promise<Buffer | undefined> =>
  readFile(path.join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })

app.http('console', {
  route: 'console/{*path}',
  methods: ['GET', 'HEAD'],
  authLevel: 'anonymous', // the files are the same for everybody; what they show needs a token
  handler: endpoint(consoleFile),
})
