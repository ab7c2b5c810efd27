// How the console's files are served; what they do in a browser is in test/console.
import assert from 'node:assert/strict'
import { request, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { before, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { useApp } from '../support/share.ts'
import type { App } from '../support/subscriber.ts'

const startShared = useApp()
let app: App
before(async () => {
  ;({ app } = await startShared())
})

/** Reads below /console as a browser does that takes gzip. */
async function read(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const address = path.startsWith('/')
    ? new URL(path, app.url)
    : `${app.api}/console${path && `/${path}`}`
  const outgoing = request(address, {
    method,
    headers: { 'accept-encoding': 'gzip', ...headers },
  }).end()
  const [answer]: IncomingMessage[] = await once(outgoing, 'response')
  assert.ok(answer !== undefined)
  return { status: answer.statusCode, headers: answer.headers, body: await buffer(answer) }
}

const filesOf = (html: string, extension = ''): string[] =>
  [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)]
    .map(([, address = '']) => address)
    .filter((address) => address.endsWith(extension))

test('serves the page at every address of it, with and without a slash', async () => {
  const [first, ...others] = await Promise.all(
    ['', '/events/api/v1/console/', 'subscriptions/17', 'no/such/page'].map((path) => read(path)),
  )
  assert.equal(first?.status, 200)
  assert.equal(first.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(first.headers['cache-control'], 'no-cache')
  for (const { body } of others) assert.deepEqual(body, first.body)
})

test('allows no inline code, no other host and no frame around it', async () => {
  const { headers, body } = await read('')
  const policy = String(headers['content-security-policy'])
  assert.match(
    policy,
    /default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/,
  )
  assert.match(policy, /base-uri 'none'; form-action 'none'; frame-ancestors 'none'/)
  assert.doesNotMatch(policy, /unsafe|http|\*/)
  assert.equal(headers['x-content-type-options'], 'nosniff')
  assert.equal(headers['referrer-policy'], 'no-referrer')
  assert.doesNotMatch(
    gunzipSync(body).toString(),
    /<style|style=|<script(?! type="module" src=)|https?:/,
  )
})

test('answers 304 where nothing has changed, and lets files with a hash be kept for a year', async () => {
  const html = gunzipSync((await read('')).body).toString()
  for (const [extension, type] of [
    ['.js', 'text/javascript; charset=utf-8'],
    ['.css', 'text/css; charset=utf-8'],
  ] as const) {
    const [path = ''] = filesOf(html, extension)
    const { status, headers } = await read(path)
    assert.deepEqual([status, headers['content-type']], [200, type])
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
    for (const tags of [`${headers.etag}`, `W/${headers.etag}`, `"of-before", W/${headers.etag}`]) {
      const again = await read(path, { 'if-none-match': tags }) // a proxy that compresses makes a tag weak
      assert.deepEqual([again.status, again.body.length], [304, 0], tags)
    }
  }
  const other = await read('', { 'if-none-match': '"of-before"' })
  assert.equal(other.status, 200)
})

test('answers HEAD as GET, without the body', async () => {
  const [script = ''] = filesOf(gunzipSync((await read('')).body).toString(), '.js')
  const named = ['etag', 'content-type', 'content-encoding', 'cache-control', 'vary']
  const told = ({ status, headers }: Awaited<ReturnType<typeof read>>) => [
    status,
    headers['content-security-policy'],
    ...named.map((name) => headers[name]),
  ]
  for (const path of ['', 'subscriptions/17', script, 'no-such.js']) {
    const [whole, head] = [await read(path), await read(path, {}, 'HEAD')]
    assert.deepEqual(told(head), told(whole), path)
    assert.equal(head.body.length, 0, path)
  }
  const { headers } = await read('')
  const again = await read('', { 'if-none-match': String(headers.etag) }, 'HEAD')
  assert.equal(again.status, 304)
})

test('sends what is not compressed to who does not take it', async () => {
  const { headers, body } = await read('', { 'accept-encoding': 'identity' })
  assert.equal(headers['content-encoding'], undefined)
  assert.equal(headers.vary, 'accept-encoding')
  assert.match(body.toString(), /^<!doctype html>/)
})

test('has no file but its own: anything else with an extension is a 404', async () => {
  for (const path of ['main.cjs', 'openapi.json', 'no-such.js', 'index.html.gz', 'a/b.css'])
    assert.equal((await read(path)).status, 404, path)
})
