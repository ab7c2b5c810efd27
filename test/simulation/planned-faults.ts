import { HOUR, MINUTE, SECOND, type PlanRandom } from './plan-random.ts'
import type { Fault, FaultKind } from './faults.ts'
import { functionNames, type Incident } from './plan.ts'

/** The highest rate of each kind of fault, as a share of the calls. */
const MAX_RATES: [FaultKind, number][] = [
  ['store-refuses', 0.3],
  ['store-loses-answer', 0.2],
  ['store-retries', 0.1],
  ['store-is-slow', 0.9],
  ['replica-lags', 0.9],
  ['send-fails', 0.3],
  ['send-loses-answer', 0.2],
  ['message-lost', 0.5],
  ['message-doubled', 0.5],
  ['message-delayed', 0.3],
  ['message-late', 0.1],
  ['delete-fails', 0.3],
  ['webhook-loses-answer', 0.2],
  ['access-undecided', 0.9],
  ['process-dies', 0.02],
  ['process-freezes', 0.02],
  ['timer-missed', 0.3],
  ['timer-doubled', 0.5],
]

export function planFaults({ random, time, faultsEndAt }: PlanRandom): Fault[] {
  const share = random.pick([0.1, 0.3, 0.6])
  const chosen = MAX_RATES.filter(() => random.chance(share)).map(([kind, maxRate]): Fault => {
    const from = random.chance(0.5) ? 0 : time()
    const duration = random.chance(0.5) ? faultsEndAt : random.logUniform(SECOND, HOUR)
    return {
      kind,
      from,
      until: Math.min(faultsEndAt, from + duration),
      rate: random.logUniform(maxRate / 30, maxRate),
    }
  })
  if (!random.chance(0.15)) return chosen
  const from = time()
  const until = Math.min(faultsEndAt, from + random.logUniform(10 * SECOND, 3 * HOUR))
  // An outage: every call fails.
  return [...chosen, { kind: random.pick(['store-refuses', 'send-fails']), from, until, rate: 1 }]
}

/** A deployment that breaks a delivering function until the end of the faults. */
export function planBrokenDeployment({ random, time, faultsEndAt }: PlanRandom): Incident {
  const at = Math.min(time(), faultsEndAt / 2)
  const name = random.pick(['fan-out-event', 'retry-delivery', 'drain-backlog'])
  return { at, kind: 'function-broken', name, ms: faultsEndAt - at }
}

export function planIncident({ random, time, faultsEndAt }: PlanRandom): Incident {
  const at = time()
  const kind = random.pick([
    'queues-emptied',
    'process-dies',
    'process-freezes',
    'deployment',
    'function-broken',
  ])
  if (kind === 'process-freezes') return { at, kind, ms: random.logUniform(SECOND, MINUTE) }
  if (kind !== 'function-broken') return { at, kind }
  const name = random.pick(functionNames)
  return { at, kind, name, ms: Math.min(faultsEndAt - at, random.logUniform(MINUTE, 12 * HOUR)) }
}
