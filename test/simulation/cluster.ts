import { createByteLimit } from '../../shared/byte-limit.ts'
import type { Services } from '../../shared/services.ts'
import type { Network } from './connection.ts'
import { createFaults } from './faults.ts'
import { queueFunctions, timerFunctions, type QueueFunction } from './functions.ts'
import type { FunctionName, Incident, Plan } from './plan.ts'
import { createProcess, type Process } from './process.ts'
import { createQueue } from './queue.ts'
import { createRandom } from './random.ts'
import { simulatedRegister } from './register.ts'
import { createScheduler } from './scheduler.ts'
import { config, simulatedServices, type Queues } from './services.ts'
import { createContainers, openStores } from './stores.ts'
import { createSubscriber, type Subscriber } from './subscriber.ts'
import { startTimer } from './timers.ts'
import { createTrace } from './trace.ts'

/** The epoch ms at which every simulation begins. */
export const EPOCH = Date.UTC(2030, 0, 7)

/** By how much a process's clock is ahead or behind at most. */
export const MAX_CLOCK_OFFSET_MS = 1500
const MAX_RESTART_MS = 20_000

// Of some 300 bytes each: so few that many wait for them
const MAX_BUFFERED_BYTES = 6000
const MAX_OPEN_BYTES = 1500

export type Cluster = ReturnType<typeof createCluster>

/** The deployed app: processes that start and die, their stores and queues, and the subscribers. */
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
    lagMs: () => (scheduler.now() < plan.faultsEndAt ? plan.replicaLagMs : 0),
    observe(process, call, kind) {
      calls[kind]++
      trace.add(process.name, call)
    },
  }
  const containers = createContainers(scheduler, EPOCH)
  const subscribers = new Map<string, Subscriber>()
  plan.subscribers.forEach(({ behaviours }, index) => {
    const url = endpointOf(index)
    const timeoutMs = config.delivery.timeoutMs
    subscribers.set(url, createSubscriber(url, behaviours, network, timeoutMs))
  })

  const processes = new Map<Process, Services>()
  const brokenUntil = new Map<FunctionName, number>() // virtual ms
  let startCount = 0

  function startProcess(): void {
    const process = createProcess({
      name: `p${++startCount}`,
      scheduler,
      random,
      epoch: EPOCH,
      clockOffsetMs: random.between(-MAX_CLOCK_OFFSET_MS, MAX_CLOCK_OFFSET_MS),
      deathRate: () => faults.rate('process-dies'),
      freezeRate: () => faults.rate('process-freezes'),
      onDeath() {
        processes.delete(process)
        trace.add(process.name, 'dies')
        scheduler.after(random.between(1000, MAX_RESTART_MS), startProcess)
      },
    })
    const services = simulatedServices(process, {
      stores: openStores(process, containers, network, plan.pageSize),
      queues,
      subscriberAt: (url) => subscriberAt(subscribers, url),
      register: simulatedRegister(process, network),
      random,
      bufferedBytes: createByteLimit(MAX_BUFFERED_BYTES, 0),
      maxOpenBytes: MAX_OPEN_BYTES,
      isUndecided: () => random.chance(faults.rate('access-undecided')),
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
  const isBroken = (name: FunctionName) => scheduler.now() < (brokenUntil.get(name) ?? 0)

  function queueFor({ name, run }: QueueFunction) {
    return createQueue(name, network, {
      processes: running,
      async run(process, text, dequeueCount) {
        trace.add(process.name, `${name} ${dequeueCount} ${text}`)
        if (isBroken(name)) throw new Error('The deployment is broken.')
        try {
          const outcome = await run(servicesOf(process), JSON.parse(text), dequeueCount)
          trace.add(process.name, `${name}: ${outcome}`)
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

  function applyIncident(incident: Incident): void {
    trace.add('', incident.kind)
    const process = random.pickOptional(running())
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
        brokenUntil.set(incident.name, scheduler.now() + incident.ms)
    }
  }
  for (const incident of plan.incidents) scheduler.at(incident.at, () => applyIncident(incident))

  return { scheduler, random, trace, calls, containers, subscribers, queues, running, servicesOf }
}

/** Returns the endpoint of a plan's subscriber. */
export const endpointOf = (index: number): string => `https://s${index}.example.org/hook`

function subscriberAt(subscribers: Map<string, Subscriber>, url: string): Subscriber {
  const subscriber = subscribers.get(url)
  if (subscriber === undefined) throw new Error(`There is no subscriber at ${url}.`)
  return subscriber
}
