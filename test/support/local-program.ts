import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { after } from 'node:test'
import { bareEnvironment } from './environment.ts'
import { bundledSdks } from './host-process.ts'

export const root = path.join(import.meta.dirname, '../..')
export const portNames = [
  'PORT',
  'ISSUER_PORT',
  'DOCS_PORT',
  'REGISTER_PORT',
  'COSMOS_PORT',
  'QUEUE_PORT',
  'BLOB_PORT',
]
const freePorts = Object.fromEntries(portNames.map((name) => [name, '0']))

/**
 * Returns what runs a program of the local stack as npm does, without the build that `npm test` has done. Each test file calls it
 * as it is loaded: its programs end with its own tests, not with those of a file that runs beside it.
 */
export function usePrograms() {
  const started: ChildProcess[] = []
  after(() => started.forEach((child) => child.kill('SIGKILL'))) // whatever a failed test has left

  return function startProgram(
    program: string,
    env: Record<string, string> = {},
    cwd = root,
    args: string[] = [],
  ) {
    const child = spawn(
      process.execPath,
      ['--import', bundledSdks, `local/${program}.ts`, ...args],
      {
        cwd,
        env: { ...bareEnvironment(), ...freePorts, ...env },
      },
    )
    started.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    const ended = once(child, 'close').then(([code]): unknown => code) // all of its output is there
    return { child, ended, output: () => output }
  }
}
