import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { clientHeaders, exampleEvent } from '../../local/example.ts'
import { altinnToken, callers, platformToken } from '../../local/tokens.ts'
import { inboundCount, queueNames } from '../../shared/azure/definitions.ts'
import { timers } from '../../shared/telemetry/heartbeat-store.ts'
import { checkAnswersOf } from './checked-fetch.ts'
import { startHostProcess } from './host-process.ts'
import { deployedUrl, setting, type TestStores } from './stores.ts'

/**
 * Queues are looked into once a second at least, and sooner after a message. Every 100 ms, as `npm start` has it, an app with
 * all of them that does nothing takes a third of a core, its emulators' part included.
 */
const polling = { AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:01' }

export interface AppOptions {
  settings?: Record<string, string>
  /** Only these functions, as `func start --functions`. */
  functions?: string[]
  /** Whether it looks into its poison queues: five more to poll. */
  readsPoison?: boolean
  /** Where the app is, if not here. */
  folder?: string
  /** Whether its host gives the console tokens of the shared issuer. */
  signIn?: boolean
}

/** Starts the built app with these stores. Its process is ended by `stop` (in order) or `kill` (at once). */
export async function startApp(stores: TestStores, options: AppOptions = {}) {
  const { settings = {} } = options
  if (deployedUrl !== undefined)
    return appAt(deployedUrl, {
      lines: [],
      died: () => false,
      residentMB: async () => 0,
      stop: async () => {},
      kill: async () => {},
    })
  const { child, url, lines, exitCode } = await startHostProcess(flagsOf(options), {
    ...issuerSettings(),
    ...stores.settings,
    ...polling,
    ...disabledFunctions(options),
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    ALTINN_REGISTER_URL: '', // of the sample's register, which is no part of the tests' stack
    ...settings,
  })
  const end = (signal: 'SIGTERM' | 'SIGKILL') => async () => {
    child.kill(signal)
    await exitCode
  }
  const died = () => !child.killed && (child.exitCode !== null || child.signalCode !== null)
  const residentMB = () => residentOf(String(child.pid))
  return appAt(url, { lines, died, residentMB, stop: end('SIGTERM'), kill: end('SIGKILL') })
}

/** The memory of a process in MB. Linux tells it without a process of its own, which takes 20 ms. */
async function residentOf(pid: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  const kB = /^VmRSS:\s+(\d+)/m.exec(status ?? '')?.[1] ?? (await askForResident(pid))
  return Number(kB) / 1024
}

const askForResident = async (pid: string): Promise<string> =>
  (await promisify(execFile)('ps', ['-o', 'rss=', '-p', pid])).stdout

/** The settings that name the shared token issuer. */
export const issuerSettings = () => ({
  ALTINN_OPENID_CONFIGURATION_URL: `${setting('TEST_ISSUER')}/authentication/api/v1/openid/.well-known/openid-configuration`,
  PLATFORM_TOKEN_JWKS_URL: `${setting('TEST_ISSUER')}/platform/{issuer}/jwks`,
})

/** The settings that leave timers to the tests, so that no run in between decides one. */
function disabledFunctions({ settings = {}, readsPoison }: AppOptions) {
  const queues = queueNames(inboundCount(settings['INBOUND_QUEUES'] ?? ''))
  const names = [
    ...timers,
    ...(readsPoison === true ? [] : queues.map((queue) => `keep-poison-${queue}`)),
  ]
  return Object.fromEntries(names.map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']))
}

const flagsOf = ({ functions, folder, signIn }: AppOptions) => [
  ...(functions === undefined ? [] : ['--functions', functions.join(',')]),
  ...(folder === undefined ? [] : ['--folder', folder]),
  ...(signIn === true ? ['--issuer', setting('TEST_ISSUER')] : []),
]

interface Process {
  /** Everything the app has logged. */
  lines: string[]
  /** Whether it has ended by itself, as by an error that nobody handles; to be asked before `stop`. */
  died: () => boolean
  /** The memory that it has, which nobody can tell of a deployed one: 0. */
  residentMB: () => Promise<number>
  stop: () => Promise<void>
  kill: () => Promise<void>
}

function appAt(url: string, process: Process) {
  const api = `${url}/events/api/v1`
  checkAnswersOf(api)
  return {
    ...process,
    url,
    api,
    /** POSTs an event as the real client does; `headers` with undefined values leave one out. */
    async publish(
      event: object | string = exampleEvent,
      headers: Record<string, string | undefined> = {},
    ): Promise<Response> {
      const all = { ...clientHeaders(...(await tokensOf('ttd', 'apps-test'))), ...headers }
      const given = Object.entries(all).filter(
        (pair): pair is [string, string] => pair[1] !== undefined,
      )
      const body = typeof event === 'string' ? event : JSON.stringify(event)
      return fetch(`${api}/app`, { method: 'POST', headers: given, body })
    },
    /** Runs a timer function now; it may still be at work when this returns. */
    async runTimer(name: string): Promise<void> {
      await fetch(`${url}/admin/functions/${name}`, { method: 'POST', body: '{}' })
    },
  }
}

const issued = new Map<string, Promise<[string, string]>>()

/** The two tokens of an app, an org's Altinn token and a platform access token; made once. */
export function tokensOf(org: string, app: string): Promise<[altinn: string, platform: string]> {
  const name = `${org}/${app}`
  const issuer = process.env['TEST_ISSUER'] ?? 'http://127.0.0.1:7072'
  const tokens =
    issued.get(name) ??
    Promise.all([altinnToken(issuer, callers.org(org)), platformToken(issuer, org, app, 3600)])
  issued.set(name, tokens)
  return tokens
}
