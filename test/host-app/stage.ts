// What host.test.ts needs around a host: an app folder, its log, Azurite, and a proxy to break the way to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { QueueServiceClient } from '@azure/storage-queue'
import { startHost } from '../../local/host/host.ts'
import type { HostOptions } from '../../local/host/host.ts'

type Cleaner = { after(clean: () => unknown): void }
type Files = { host?: object | string; package?: object }

/** Makes an app folder whose entry point is a fixture, or a glob of them. */
export function makeApp(t: Cleaner, fixture: string, files: Files = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'host-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const main = path.relative(folder, path.join(import.meta.dirname, fixture))
  const text = typeof files.host === 'string' ? files.host : JSON.stringify(files.host ?? {})
  writeFileSync(path.join(folder, 'host.json'), text)
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ main, ...files.package }))
  return folder
}

/** Starts a fixture with its log in `lines`; it is stopped when the test ends. */
export async function start(
  t: Cleaner,
  fixture: string,
  { files, ...options }: Partial<HostOptions> & { files?: Files } = {},
) {
  const lines: string[] = []
  const log = (line: string) => void lines.push(line)
  const host = await startHost({ folder: makeApp(t, fixture, files), port: 0, log, ...options })
  t.after(() => host.stop())
  return { host, lines, entries: (name: string) => parseLog(lines, name) }
}

/** The JSON lines that a function wrote by `context.log`. */
function parseLog(lines: string[], name: string): Record<string, unknown>[] {
  const prefix = `[information] Function.${name}.User: {`
  return lines
    .filter((line) => line.startsWith(prefix))
    .map((line) => JSON.parse(line.slice(prefix.length - 1)))
}

/** Waits until the check gives something. */
export async function until<Found>(
  what: string,
  check: () => Found | Promise<Found>,
  seconds = 10,
) {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    const found = await check()
    if (found) return found
    await sleep(15)
  }
  throw new Error(`in vain: ${what}`)
}

/** A port of the loopback interface that was free just now. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return address.port
}

export const connectionString = (port: number) =>
  `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;QueueEndpoint=http://127.0.0.1:${port}/devstoreaccount1;`

/** Starts Azurite's queue service in a process of its own. */
export async function startAzurite() {
  const port = await freePort()
  const main = path.join(import.meta.dirname, '../../node_modules/azurite/dist/src/queue/main.js')
  const flags = '--inMemoryPersistence --skipApiVersionCheck --disableTelemetry --silent'.split(' ')
  const where = ['--queueHost', '127.0.0.1', '--queuePort', String(port)]
  const child = spawn(process.execPath, [main, ...flags, ...where], { stdio: 'ignore' })
  const service = QueueServiceClient.fromConnectionString(connectionString(port))
  const ready = () =>
    service
      .getProperties()
      .then(Boolean)
      .catch(() => false)
  await until('Azurite answers', ready, 15)
  return { port, service, stop: () => child.kill() }
}

/** Starts a proxy that can be down, and can hold back what the service answers. */
export async function startProxy(t: Cleaner, target: number) {
  const sockets = new Set<Socket>()
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const server = createServer((client) => {
    const service = connect(target, '127.0.0.1')
    service.on('data', (chunk) => void gate.promise.then(() => client.write(chunk)))
    client.pipe(service)
    for (const socket of [client, service]) {
      sockets.add(socket)
      socket.on('error', () => undefined) // broken on purpose
      socket.on('close', () => [client, service].map((each) => each.destroy()))
    }
  })
  const port = await freePort()
  async function up() {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  async function down() {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  function hold() {
    gate = Promise.withResolvers()
    return gate.resolve
  }
  t.after(() => void (server.listening && down()))
  return { port, up, down, hold }
}
