import path from 'node:path'
import { queues } from '../../shared/azure/definitions.ts'
import { startHost } from './host.ts'

const HTTP = ['publish-event', 'create-subscription', 'read-subscription', 'health']
const SWEEPS = ['sweep-events', 'sweep-deliveries', 'sweep-subscriptions']
const WORK = [
  'fan-out-event',
  'retry-delivery',
  'drain-backlog',
  'validate-subscription',
  'replay-deliveries',
  ...SWEEPS,
  ...queues.map((queue) => `keep-poison-${queue}`),
]

export type Hosts = Awaited<ReturnType<typeof startHosts>>

/**
 * The built app in four processes: the first two take HTTP, the other two fan out, deliver and sweep. What they log goes
 * to files in proof/.results/`name`.
 */
export async function startHosts(settings: Record<string, string>, name: string) {
  const folder = path.join(import.meta.dirname, '../../proof/.results', name)
  const start = (functions: string[], role: string) =>
    startHost({ settings, functions, log: path.join(folder, `${role}.log`) })
  const [first, second, third, fourth] = await Promise.all([
    start(HTTP, 'http-1'),
    start(HTTP, 'http-2'),
    start(WORK, 'work-1'),
    start(WORK, 'work-2'),
  ])
  const all = [first, second, third, fourth]
  let killing = Promise.resolve() // a kill waits for the one before it
  return {
    all,
    /** Kills one with SIGKILL and starts it again in `downMs`: one after another, so that of each kind one is left. */
    kill(index: number, downMs: number): Promise<void> {
      killing = killing.then(async () => all[index]?.kill(downMs))
      return killing
    },
    /** Where one of the two with HTTP listens now. They take turns, 0, 1, 2 …, as behind a load balancer that knows who is up. */
    api(turn: number): string {
      const [next, other] = turn % 2 === 0 ? [first, second] : [second, first]
      return `${(next.isUp() ? next : other).url()}/events/api/v1`
    },
    /** Has both workers sweep now, as their timers do every 30 s; one that is down does not. */
    async sweep(): Promise<void> {
      const run = (url: string) => (sweep: string) =>
        fetch(`${url}/admin/functions/${sweep}`, { method: 'POST', body: '{}' })
      await Promise.allSettled([third.url(), fourth.url()].flatMap((url) => SWEEPS.map(run(url))))
    },
    kills: (): number => all.reduce((sum, host) => sum + host.kills(), 0),
    /** How often a process ended although nobody killed it. */
    crashes: (): number => all.reduce((sum, host) => sum + host.crashes(), 0),
    stop: async () => void (await Promise.all(all.map((host) => host.stop()))),
  }
}
