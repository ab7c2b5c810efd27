import path from 'node:path'
import { queueNames } from '../../shared/azure/definitions.ts'
import { startHost } from './host.ts'
import { INBOUND_COUNT } from './stores.ts'

const HTTP_FUNCTIONS = ['publish-event', 'create-subscription', 'read-subscription', 'health']
const SWEEPS = ['sweep-events', 'sweep-deliveries', 'sweep-subscriptions']
const WORKER_FUNCTIONS = [
  'fan-out-event',
  'fan-out-event-1',
  'retry-delivery',
  'drain-backlog',
  'validate-subscription',
  'replay-deliveries',
  ...SWEEPS,
  ...queueNames(INBOUND_COUNT).map((queue) => `keep-poison-${queue}`),
]

export type Hosts = Awaited<ReturnType<typeof startHosts>>

/**
 * Starts the built app in four processes: two serve HTTP_FUNCTIONS, two fan out, deliver and sweep. Their logs are in
 * proof/.results/`name`.
 */
export async function startHosts(settings: Record<string, string>, name: string) {
  const folder = path.join(import.meta.dirname, '../../proof/.results', name)
  const start = (functions: string[], role: string) =>
    startHost({ settings, functions, log: path.join(folder, `${role}.log`) })
  const [first, second, third, fourth] = await Promise.all([
    start(HTTP_FUNCTIONS, 'http-1'),
    start(HTTP_FUNCTIONS, 'http-2'),
    start(WORKER_FUNCTIONS, 'work-1'),
    start(WORKER_FUNCTIONS, 'work-2'),
  ])
  const all = [first, second, third, fourth]
  let killing = Promise.resolve() // in sequence, so that one host of each kind is up
  return {
    all,
    /** Kills a host with SIGKILL, and restarts it after `downMs`. */
    kill(index: number, downMs: number): Promise<void> {
      killing = killing.then(async () => all[index]?.kill(downMs))
      return killing
    },
    /** Returns the address of an HTTP_FUNCTIONS host for a turn (0, 1, 2 …), as a load balancer with health checks does. */
    api(turn: number): string {
      const [next, other] = turn % 2 === 0 ? [first, second] : [second, first]
      return `${(next.isUp() ? next : other).url()}/events/api/v1`
    },
    /** Starts the sweeps in both workers, as their timers do every 30 s. Ignores a worker that is down. */
    async sweep(): Promise<void> {
      const run = (url: string) => (sweep: string) =>
        fetch(`${url}/admin/functions/${sweep}`, { method: 'POST', body: '{}' })
      await Promise.allSettled([third.url(), fourth.url()].flatMap((url) => SWEEPS.map(run(url))))
    },
    kills: (): number => all.reduce((sum, host) => sum + host.kills(), 0),
    /** Returns how often a process ended by itself. */
    crashes: (): number => all.reduce((sum, host) => sum + host.crashes(), 0),
    stop: async () => void (await Promise.all(all.map((host) => host.stop()))),
  }
}
