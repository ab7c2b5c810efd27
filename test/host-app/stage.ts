// A local host in a process of its own, as `npm run start:host`, for the host's tests: an app of one fixture, and its log.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

export type Cleaner = { after(clean: () => unknown): void }
interface Options {
  /** host.json, or its text. */
  host?: object | string
  settings?: Record<string, string>
  args?: string[]
}

/** Makes an app folder whose entry point is a fixture. */
export function makeApp(t: Cleaner, fixture: string, host: object | string = {}): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'host-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const main = path.relative(folder, path.join(import.meta.dirname, fixture))
  writeFileSync(
    path.join(folder, 'host.json'),
    typeof host === 'string' ? host : JSON.stringify(host),
  )
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ main }))
  return folder
}

/** Starts a fixture; it is stopped when the test ends. Rejects with all it printed if it does not start. */
export async function startHost(
  t: Cleaner,
  fixture: string,
  { host, settings = {}, args = [] }: Options = {},
) {
  const program = path.join(import.meta.dirname, '../../local/start-host.ts')
  const folder = makeApp(t, fixture, host)
  const child = spawn(process.execPath, [program, '--folder', folder, ...args], {
    env: { PATH: process.env['PATH'], PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  const listening = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      const [, url] = /listens on (\S+)$/.exec(line) ?? []
      if (url !== undefined) listening.resolve(url)
    })
  const ended = once(child, 'close').then(([code]): unknown => code)
  t.after(() => child.kill('SIGKILL'))
  const url = await Promise.race([listening.promise, ended])
  if (typeof url !== 'string') throw new Error(lines.join('\n'))
  return {
    url,
    lines,
    /** The JSON lines that a function wrote by `context.log`. */
    entries: (name: string) => parseLog(lines, name),
    /** Gives the exit code, once the process has ended. */
    ended,
    /** Begins to end it. */
    stop: () => child.kill('SIGTERM'),
  }
}

function parseLog(lines: string[], name: string): Record<string, unknown>[] {
  const prefix = `[information] Function.${name}.User: {`
  return lines
    .filter((line) => line.startsWith(prefix))
    .map((line): Record<string, unknown> => JSON.parse(line.slice(prefix.length - 1)))
}
