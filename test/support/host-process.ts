import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { bareEnvironment } from './environment.ts'

/** For `node --import`: see that file. */
export const bundledSdks = path.join(import.meta.dirname, 'bundled-sdks.ts')
const program = path.join(import.meta.dirname, '../../local/start-host.ts')

/** Starts the local host in a process of its own, at a free port. Rejects with all it has logged where it does not come up. */
export async function startHostProcess(args: string[], settings: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', bundledSdks, program, ...args], {
    env: { ...bareEnvironment(), PORT: '0', ...settings },
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
  const exitCode = once(child, 'close').then(([code]): unknown => code)
  const url = await Promise.race([listening.promise, exitCode])
  if (typeof url !== 'string') throw new Error(lines.join('\n'))
  return { child, url, lines, exitCode }
}
