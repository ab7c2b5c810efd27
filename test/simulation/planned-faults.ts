import { HOUR, MINUTE, SECOND, type Chance } from './chance.ts'
import type { Fault, FaultKind } from './faults.ts'
import { functionNames, type Incident } from './plan.ts'

/** The highest rate of each kind of fault. */
const RATES: [FaultKind, number][] = [
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
  ['process-dies', 0.02],
  ['process-freezes', 0.02],
  ['timer-missed', 0.3],
  ['timer-doubled', 0.5],
]

export function planFaults({ random, moment, calmFrom }: Chance): Fault[] {
  const share = random.pick([0.1, 0.3, 0.6])
  const chosen = RATES.filter(() => random.chance(share)).map(([kind, most]): Fault => {
    const from = random.chance(0.5) ? 0 : moment()
    const lasts = random.chance(0.5) ? calmFrom : random.skewed(SECOND, HOUR)
    return {
      kind,
      from,
      until: Math.min(calmFrom, from + lasts),
      rate: random.skewed(most / 30, most),
    }
  })
  if (!random.chance(0.15)) return chosen
  const from = moment()
  const until = Math.min(calmFrom, from + random.skewed(10 * SECOND, 3 * HOUR)) // an outage
  return [...chosen, { kind: random.pick(['store-refuses', 'send-fails']), from, until, rate: 1 }]
}

/** A deployment that breaks what delivers, until somebody comes to work. */
export function brokenOvernight({ random, moment, calmFrom }: Chance): Incident {
  const at = Math.min(moment(), calmFrom / 2)
  const name = random.pick(['fan-out-event', 'retry-delivery', 'drain-backlog'])
  return { at, kind: 'function-broken', name, ms: calmFrom - at }
}

export function planIncident({ random, moment, calmFrom }: Chance): Incident {
  const at = moment()
  const kind = random.pick([
    'queues-emptied',
    'process-dies',
    'process-freezes',
    'deployment',
    'function-broken',
  ])
  if (kind === 'process-freezes') return { at, kind, ms: random.skewed(SECOND, MINUTE) }
  if (kind !== 'function-broken') return { at, kind }
  const name = random.pick(functionNames)
  return { at, kind, name, ms: Math.min(calmFrom - at, random.skewed(MINUTE, 12 * HOUR)) }
}
