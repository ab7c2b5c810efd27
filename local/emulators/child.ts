import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** An emulator in a process of its own. */
export interface Child {
  /** The ports it listens on. Rejects with the reason when it does not start. */
  ready: Promise<Record<string, number>>
  stop(): Promise<void>
}

/** Starts a launcher beside this file; what it says on stdout is described in child-protocol.ts. */
export function startChild(name: string, file: URL, args: string[]): Child {
  const child = spawn(process.execPath, [fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  return { ready: readPorts(name, child), stop: () => stop(child) }
}

async function readPorts(name: string, child: ChildProcess): Promise<Record<string, number>> {
  if (child.stdout === null) throw new Error(`${name} has no output`)
  await once(child, 'spawn') // rejects when the process cannot be started
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    if (line.startsWith('READY ')) {
      child.stdout.resume() // read on, or a full pipe would stop the child
      return JSON.parse(line.slice('READY '.length))
    }
    if (line.startsWith('FAILED ')) throw new Error(`${name}: ${line.slice('FAILED '.length)}`)
  }
  throw new Error(`${name} ended before it was ready`)
}

/** Everything is in memory, so there is nothing to flush, and a busy child cannot ignore SIGKILL. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
