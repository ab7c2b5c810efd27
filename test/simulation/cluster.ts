import type { Services } from '../../shared/services.ts'
import type { Network } from './connection.ts'
import { createFaults } from './faults.ts'
import { queueFunctions, timerFunctions, type QueueFunction } from './functions.ts'
import type { FunctionName, Incident, Plan } from './plan.ts'
import { createProcess, type Process } from './process.ts'
import { createQueue } from './queue.ts'
import { createRandom } from './random.ts'
import { createScheduler } from './scheduler.ts'
import { config, simulatedServices, type Queues } from './services.ts'
import { createContainers, openStores } from './stores.ts'
import { createSubscriber, type Subscriber } from './subscriber.ts'
import { startTimer } from './timers.ts'
import { createTrace } from './trace.ts'

/** When every simulation begins. */
export const EPOCH = Date.UTC(2030, 0, 7)

const CLOCK_MS = 1500 // what a machine's clock may be off
const RESTART_MS = 20_000

export type Cluster = ReturnType<typeof createCluster>

/** The app as it is deployed: processes that come and go over stores and queues, and the subscribers it sends to. */
export function createCluster(plan: Plan, isTraced: boolean) {
  const random = createRandom(plan.seed)
  const scheduler = createScheduler(random.fork())
  const faults = createFaults(plan.faults, scheduler)
  const trace = createTrace(isTraced, scheduler.now)
  const calls = { store: 0, sent: 0 }
  const network: Network = {
    scheduler,
    random,
    faults,
    lagMs: () => (scheduler.now() < plan.calmFrom ? plan.farBehindMs : 0),
    observe(process, call) {
      if (call.startsWith('send')) calls.sent++
      else calls.store++
      trace.add(process.name, call)
    },
  }
  const containers = createContainers(scheduler, EPOCH)
  const subscribers = new Map<string, Subscriber>()
  plan.subscribers.forEach(({ behaviours }, index) => {
    const url = urlOf(index)
    const timeoutMs = config.delivery.timeoutMs
    subscribers.set(url, createSubscriber(url, behaviours, network, timeoutMs))
  })

  const processes = new Map<Process, Services>()
  const broken = new Map<FunctionName, number>() // until which virtual time
  let started = 0

  function startProcess(): void {
    const process = createProcess({
      name: `p${++started}`,
      scheduler,
      random,
      epoch: EPOCH,
      clockOffsetMs: random.between(-CLOCK_MS, CLOCK_MS),
      deathRate: () => faults.rate('process-dies'),
      freezeRate: () => faults.rate('process-freezes'),
      onDeath() {
        processes.delete(process)
        trace.add(process.name, 'dies')
        scheduler.after(random.between(1000, RESTART_MS), startProcess)
      },
    })
    const services = simulatedServices(process, {
      stores: openStores(process, containers, network, plan.pageSize),
      queues,
      subscriberAt: (url) => subscriberAt(subscribers, url),
      random,
      trace: (what) => trace.add(process.name, what),
    })
    processes.set(process, services)
    trace.add(process.name, 'starts')
  }
  const running = () => [...processes.keys()].filter((process) => process.isRunning())
  const servicesOf = (process: Process): Services => {
    const services = processes.get(process)
    if (services === undefined) throw new Error(`${process.name} is dead.`)
    return services
  }
  const isBroken = (name: FunctionName) => scheduler.now() < (broken.get(name) ?? 0)

  function queueFor({ name, run }: QueueFunction) {
    return createQueue(name, network, {
      processes: running,
      async run(process, text, dequeueCount) {
        trace.add(process.name, `${name} ${dequeueCount} ${text}`)
        if (isBroken(name)) throw new Error('A broken deployment.')
        try {
          const ended = await run(servicesOf(process), JSON.parse(text), dequeueCount)
          trace.add(process.name, `${name}: ${ended}`)
        } catch (error) {
          trace.add(process.name, `${name} failed: ${String(error)}`)
          throw error
        }
      },
      poison: (text) => trace.add('', `poison of ${name}: ${text}`),
    })
  }
  const queues: Queues = {
    inboundQueue: queueFor(queueFunctions.inboundQueue),
    retryQueue: queueFor(queueFunctions.retryQueue),
    drainQueue: queueFor(queueFunctions.drainQueue),
    validationQueue: queueFor(queueFunctions.validationQueue),
    replayQueue: queueFor(queueFunctions.replayQueue),
  }

  for (const timer of timerFunctions)
    startTimer(timer, {
      network,
      epoch: EPOCH,
      containers,
      processes: () => (isBroken(timer.name) ? [] : running()),
      servicesOf,
      trace: (process, what) => trace.add(process.name, what),
    })
  for (let count = 0; count < plan.processes; count++) startProcess()

  /** Has an incident happen. */
  function suffer(incident: Incident): void {
    trace.add('', incident.kind)
    const process = random.any(running())
    switch (incident.kind) {
      case 'queues-emptied':
        return Object.values(queues).forEach((queue) => queue.clear())
      case 'process-dies':
        return process?.kill()
      case 'process-freezes':
        return process?.freeze(incident.ms)
      case 'deployment':
        return [...processes.keys()].forEach((each) => each.kill())
      case 'function-broken':
        broken.set(incident.name, scheduler.now() + incident.ms)
    }
  }
  for (const incident of plan.incidents) scheduler.at(incident.at, () => suffer(incident))

  return { scheduler, random, trace, calls, containers, subscribers, queues, running, servicesOf }
}

/** The endpoint of a plan's subscriber. */
export const urlOf = (index: number): string => `https://s${index}.example.org/hook`

function subscriberAt(subscribers: Map<string, Subscriber>, url: string): Subscriber {
  const subscriber = subscribers.get(url)
  if (subscriber === undefined) throw new Error(`Nobody is at ${url}.`)
  return subscriber
}
