// The load on the app, in its own process: 32 connections that send the requests of the real client.
import { parseArgs } from 'node:util'
import { clientBody, clientHeaders, genericEvent } from '../../local/example.ts'
import { openConnection } from './connection.ts'
import { CONCURRENCY } from '../support/limits.ts'
import { serveIntervals } from '../support/interval.ts'

const { positionals } = parseArgs({ allowPositionals: true })
const [address = '', altinn = '', platform = ''] = positionals
const url = new URL(address)
const { PlatformAccessToken, ...common } = clientHeaders(altinn, platform)
const generic = { ...common, 'Content-Type': 'application/cloudevents+json' }
const [request, status] = url.pathname.endsWith('/app')
  ? [requestFor(url, { ...common, PlatformAccessToken }, clientBody()), 201]
  : [requestFor(url, generic, JSON.stringify(genericEvent)), 200]
const connections = Array.from({ length: CONCURRENCY }, () => openConnection(url, request, status))
serveIntervals(await Promise.all(connections))

function requestFor(
  { host, pathname }: URL,
  headers: Record<string, string>,
  body: string,
): Buffer {
  const lines = Object.entries({
    Host: host,
    ...headers,
    'Content-Length': Buffer.byteLength(body),
  })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`POST ${pathname} HTTP/1.1\r\n${head}\r\n${body}`)
}
