import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

const MESSAGE_TIMEOUT_MS = 30_000
const reporter = path.join(import.meta.dirname, 'report-usage.ts')

export type Child = ReturnType<typeof startChild>

/** The resources that a process has used since its start. */
export interface Usage {
  cpuMicroseconds: number
  rssBytes: number
}

/** Starts a file in its own process, with only the given settings, and reports its usage on request. */
export function startChild(
  file: string,
  { args = [], flags = [], env = {} }: { args?: string[]; flags?: string[]; env?: object } = {},
) {
  const { PATH, HOME, TMPDIR } = process.env
  const script = path.resolve(import.meta.dirname, file)
  const child = spawn(
    process.execPath,
    ['--expose-gc', '--import', reporter, ...flags, script, ...args],
    { env: { PATH, HOME, TMPDIR, ...env }, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] },
  )
  const exit = once(child, 'exit')
  const ended = exit.then(() => Promise.reject(new Error(`${file} ended too early`)))
  ended.catch(() => undefined) // handled by whatever awaits the child

  /** Returns the next message of the child. */
  async function nextMessage(): Promise<unknown> {
    const signal = AbortSignal.timeout(MESSAGE_TIMEOUT_MS)
    const [message] = await Promise.race([once(child, 'message', { signal }), ended])
    return message
  }
  function request(question: string | object): Promise<unknown> {
    const answer = nextMessage()
    child.send(question)
    return answer
  }
  return {
    output: requireOutput(child.stdout),
    ended,
    nextMessage,
    request,
    usage: async () => usageOf(await request('usage')),
    /** Returns the bytes in use on the heap. */
    async heapUsed(): Promise<number> {
      const { heapBytes } = Object(await request('heapUsed'))
      return Number(heapBytes)
    },
    /** Stops the child by SIGTERM, after 5 s by SIGKILL. */
    async stop(): Promise<void> {
      child.kill('SIGTERM')
      const late = sleep(5000, 'late', { ref: false })
      if ((await Promise.race([exit, late])) === 'late') child.kill('SIGKILL')
      await exit
    },
    /** Kills the child by SIGKILL. */
    async kill(): Promise<void> {
      child.kill('SIGKILL')
      await exit
    },
  }
}

function requireOutput(stdout: Readable | null): Readable {
  if (stdout === null) throw new Error('The child has no output.')
  return stdout
}

function usageOf(message: unknown): Usage {
  const { cpuMicroseconds, rssBytes } = Object(message)
  return { cpuMicroseconds: Number(cpuMicroseconds), rssBytes: Number(rssBytes) }
}
