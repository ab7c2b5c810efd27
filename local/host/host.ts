// An Azure Functions host inside this process, for laptops and tests: it loads the app as the real Node.js worker does,
// and acts as the host does for HTTP, storage-queue and timer triggers. It is not the real host. It does NOT do:
// scaling, or leases between instances; keys (authLevel is not enforced, as with `func start`); HTTP streaming; other
// triggers, input and output bindings, retry policies, log hooks (each a fault at the start); functionTimeout; log
// levels from host.json; Application Insights; admin calls other than POST /admin/functions/NAME for queues and timers;
// waking a poll when something is sent; a memory of timers beyond the process (isPastDue is always false).
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { format } from 'node:util'
import { loadApp } from './app.ts'
import { startHttp } from './http.ts'
import { toAdminCall } from './queue-message.ts'
import { createQueue } from './queue.ts'
import { buildRoutes } from './routes.ts'
import { readHostSettings } from './settings.ts'
import type { QueueSettings } from './settings.ts'
import { createTimer, toTimerCall } from './timer.ts'
import type { App, AppFunction, Log } from './worker.ts'

export type HostOptions = {
  folder: string // with host.json, and package.json whose `main` (a path or a glob) is loaded
  port: number // 0: any that is free
  functions?: string[] // only these, as `func start --functions a b`
  leaseSeconds?: number
  stopSeconds?: number
  log?: (line: string) => void
  exitOnUnhandled?: boolean // an error nobody handles ends the process, as it ends the real worker
  onFatal?: (error: unknown) => void // then called instead of process.exit(1)
}

/** Starts the app in `folder` with the settings in `process.env`. Rejects at the first fault; then nothing runs. */
export async function startHost(options: HostOptions) {
  const log = createLog(options.log)
  const unwatch = options.exitOnUnhandled ? watchUnhandled(log, options.onFatal) : undefined
  const settings = readHostSettings(options.folder)
  const app = await loadApp(path.resolve(options.folder), log)
  const functions = choose(app.functions, options.functions, log)
  const routes = buildRoutes(functions, settings.routePrefix, log)
  const served = functions.filter(
    (fn) => fn.kind !== 'http' || routes.some((route) => route.fn === fn),
  )
  const active = served.filter((fn) => !isDisabled(fn))
  const queueSettings = { ...settings.queues, leaseSeconds: options.leaseSeconds ?? 600 }
  const listeners = await createListeners(app, active, queueSettings, log)
  const runner = createRunner(app, functions)
  const server = await startHttp(options.port, { app, routes, active, run: runner.run, log })
  for (const listener of listeners) listener.start()

  async function end() {
    const bound = new AbortController()
    const bounded = sleep((options.stopSeconds ?? 30) * 1000, undefined, { signal: bound.signal })
    const work = [server.stop(), runner.idle(), ...listeners.map((listener) => listener.stop())]
    await Promise.race([Promise.all(work), bounded])
    bound.abort()
    server.cut()
    await app
      .terminate()
      .catch((error: unknown) => log('error', 'Host', `appTerminate: ${format(error)}`))
    unwatch?.()
  }
  let ending: Promise<void> | undefined
  /** Ends listening and polling, waits (30 s at most) for what runs, then runs the appTerminate hooks. */
  const stop = () => (ending ??= end())
  const { port } = server
  const { trigger } = runner
  return { url: `http://127.0.0.1:${port}`, port, functions: served.map(summary), trigger, stop }
}

function createLog(write: (line: string) => void = console.log): Log {
  return (level, category, message) => {
    if (!['trace', 'debug', 'none'].includes(level)) write(`[${level}] ${category}: ${message}`)
  }
}

function watchUnhandled(log: Log, onFatal: (error: unknown) => void = () => process.exit(1)) {
  function fail(error: unknown) {
    const [message, place = ''] = format(error).split('\n')
    log('critical', 'Worker', `ended by an error that nobody handles: ${message} ${place.trim()}`)
    onFatal(error)
  }
  process.on('uncaughtException', fail) // unhandled rejections arrive here too
  return () => process.off('uncaughtException', fail)
}

const same = (one: string) => (other: { name: string }) =>
  one.toLowerCase() === other.name.toLowerCase()

const isDisabled = ({ name }: { name: string }) =>
  /^(true|1)$/i.test(process.env[`AzureWebJobs.${name}.Disabled`] ?? '')

function choose(functions: AppFunction[], names: string[] | undefined, log: Log) {
  const unknown = names?.find((name) => !functions.some(same(name)))
  const known = functions.map(({ name }) => name).join(', ')
  if (unknown) throw new Error(`there is no function "${unknown}" (there are: ${known})`)
  return functions.filter((fn) => {
    const valid = /^(?!host$)[a-z][\w-]{0,127}$/i.test(fn.name)
    if (!valid) log('error', 'Host', `${fn.name} is left out: the host allows no such name`)
    return valid && (!names || names.some((name) => same(name)(fn)))
  })
}

// A fault in a function's settings names the function.
async function createListeners(
  app: App,
  functions: AppFunction[],
  settings: QueueSettings,
  log: Log,
) {
  const listeners = []
  for (const fn of functions) {
    try {
      if (fn.kind === 'timer') listeners.push(createTimer(app, fn))
      if (fn.kind === 'queue') listeners.push(await createQueue(app, fn, settings, log))
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : format(cause)
      throw new Error(`function "${fn.name}": ${reason}`, { cause })
    }
  }
  return listeners
}

function createRunner(app: App, functions: AppFunction[]) {
  const running = new Set<Promise<unknown>>()
  function run(name: string, input = '') {
    const fn = functions.filter(({ kind }) => kind !== 'http').find(same(name))
    const call = fn?.kind === 'timer' ? toTimerCall(fn) : toAdminCall(input)
    if (!fn || !call) return undefined
    const done = app.invoke(fn, call)
    running.add(done)
    void done.finally(() => running.delete(done))
    return done
  }
  /** Runs a timer or queue function now, disabled or not. Rejects with what it throws. */
  async function trigger(name: string, input?: string) {
    const outcome = await run(name, input)
    if (!outcome) throw new Error(`there is no timer or queue function "${name}"`)
    if (outcome.error) throw outcome.error
  }
  async function idle() {
    while (running.size > 0) await Promise.all(running)
  }
  return { run, trigger, idle }
}

const summary = ({ name, kind, trigger }: AppFunction) => ({
  ...trigger,
  ...(kind === 'http' && { route: trigger.route || name }),
  name,
  disabled: isDisabled({ name }),
})
