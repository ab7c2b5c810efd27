import { createWriteStream, mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { addressOf } from '../../bench/support/host.ts'
import { startChild, type Child } from '../../bench/support/child.ts'
import { withTimeout } from '../../shared/azure/timeout.ts'
import { bareEnvironment } from '../support/environment.ts'
import { bundledSdks } from '../support/host-process.ts'

const START_TRIES = 3
const START_MS = 60_000

interface Options {
  settings: Record<string, string>
  functions: string[]
  /** The file for its log lines. */
  log: string
}

/** Starts some functions of the built app in their own process. It is restarted when it is killed or crashes. */
export async function startHost({ settings, functions, log: file }: Options) {
  mkdirSync(path.dirname(file), { recursive: true })
  const log = createWriteStream(file)
  const stopping = new Set<Child>() // killed or stopped on purpose: no crash
  let crashes = 0
  let kills = 0
  let isUp = true
  let restarts = Promise.resolve() // in sequence

  let current = await launch()

  async function launch(triesLeft = START_TRIES): Promise<{ child: Child; url: string }> {
    const child = startChild('../../local/start-host.ts', {
      args: ['--functions', functions.join(',')],
      flags: ['--import', bundledSdks],
      env: {
        ...bareEnvironment(),
        PORT: '0',
        WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
        ...settings,
      },
    })
    createInterface({ input: child.output }).on('line', (line) =>
      log.write(`${new Date().toISOString()} ${line}\n`),
    )
    try {
      const url = await withTimeout(START_MS, () => addressOf(child))
      child.ended.catch(() => stopping.has(child) || restart())
      return { child, url }
    } catch (error) {
      crashes++
      await markStopping(child).kill() // it may hang
      if (triesLeft === 1) throw error
      return launch(triesLeft - 1)
    }
  }
  function restart(): void {
    crashes++
    restarts = restarts.then(async () => void (current = await launch()))
  }
  function markStopping(child: Child): Child {
    stopping.add(child)
    return child
  }
  return {
    url: () => current.url,
    isUp: () => isUp,
    usage: () => current.child.usage(),
    heapUsed: () => current.child.heapUsed(),
    crashes: () => crashes,
    kills: () => kills,
    /** Kills it with SIGKILL, and restarts it after `downMs`. */
    kill(downMs: number): Promise<void> {
      restarts = restarts.then(async () => {
        isUp = false
        await markStopping(current.child).kill()
        kills++
        await sleep(downMs)
        current = await launch()
        isUp = true
      })
      return restarts
    },
    async stop(): Promise<void> {
      await restarts
      await markStopping(current.child).stop()
      log.end()
    },
  }
}
