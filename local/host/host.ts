// An Azure Functions host for laptops and tests, one app a process: it loads the app as the real Node.js worker does, and
// acts as the host does for HTTP, storage-queue and timer triggers, as far as this app needs it. It is not the real host.
//
// A fault at the start, by name: other triggers, input and output bindings, retry policies, runOnStartup, hooks other
// than appStart and appTerminate, HTTP functions without streaming, function names that the host would leave out, settings of
// extensions.http and .queues in host.json that settings.ts does not know or are not spelled as there, %NAME%, a glob as
// `main`, a connection to queues other than a connection string, what routes.ts cannot read of route templates, and what
// timer.ts cannot read of schedules.
//
// Left out: in triggerMetadata the queue message itself, and its members where it is JSON; POST
// /admin/functions/NAME for queue functions (404; timers have it); keys (authLevel is not enforced, as with `func
// start`); members of a JSON body among `request.params`; the host's own pages (/, /admin/host); a body of more than 100 MiB
// that does not say so; FUNCTIONS_REQUEST_BODY_SIZE_LIMIT (it is 100 MiB); functionTimeout; log levels from host.json; Application
// Insights; scaling, and leases between instances; waking a poll when something is sent; a memory of timers beyond the
// process (isPastDue is always false). A rejection that nobody awaits ends the process, as the real worker: Node.js does.
import { setTimeout as sleep } from 'node:timers/promises'
import { startHttp, type Intercept } from './http.ts'
import { createQueue } from './queue.ts'
import { buildRoutes } from './routes.ts'
import { readHostSettings } from './settings.ts'
import { createTimer } from './timer.ts'
import { loadApp, type AppFunction } from './worker.ts'

type HostOptions = {
  folder: string // with host.json, and package.json whose `main` is loaded
  port: number // 0: any that is free
  functions?: string[] // only these, as `func start --functions a b`
  leaseSeconds?: number // of a queue message
  proxySeconds?: number // how long an HTTP function may take
  stopSeconds?: number // the longest that a stop waits for what runs
  intercept?: Intercept // answers before the functions, as the token chooser of the console does
}

/** Starts the app in `folder` with the settings in `process.env`. Rejects at the first fault; then nothing runs. */
export async function startHost(options: HostOptions) {
  const { folder, leaseSeconds = 600, proxySeconds = 240, stopSeconds = 30 } = options
  const settings = { ...readHostSettings(folder), leaseSeconds }
  const app = await loadApp(folder)
  const functions = selectFunctions(app.functions, options.functions)
  const ofKind = (kind: string) => functions.filter((fn) => fn.kind === kind)
  const routes = buildRoutes(ofKind('http'), settings.routePrefix)
  const timers = ofKind('timer').map((fn) => createTimer(app, fn))
  const triggers = [...timers, ...ofKind('queue').map((fn) => createQueue(app, fn, settings))]
  const runTimer = (name: string) => (timers.find(({ fn }) => fn.name === name)?.run() ? 202 : 404)
  const { port, intercept } = options
  const server = await startHttp(port, { app, routes, runTimer, proxySeconds, intercept })
  for (const { fn, start } of triggers) if (!fn.isDisabled) start()

  /** Ends listening and polling, waits for what runs, then runs the appTerminate hooks. */
  async function stop() {
    const stopped = [server, ...triggers].map((each) => each.stop())
    await Promise.race([Promise.all(stopped), sleep(stopSeconds * 1000, null, { ref: false })])
    server.closeConnections()
    await app.terminate()
  }
  return { url: server.url, functions: [...routes, ...triggers].map(({ fn }) => fn), stop }
}

function selectFunctions(all: AppFunction[], names?: string[]) {
  const unknown = names?.find((name) => !all.some((fn) => fn.name === name))
  if (unknown) throw new Error(`there is no function "${unknown}"`)
  return all.filter(({ name }) => names?.includes(name) ?? true)
}
