import {
  closed,
  RECHECK_SECONDS,
  withDrain,
  withLease,
  type Circuit,
} from '../subscriptions/circuit-breaker.ts'
import { readyOf, type Pass } from './attempt-in-order.ts'
import { backlogOf, PAGE, type Drain } from './drain-state.ts'

// Of a subscription whose backlog waits behind retries, which start it themselves, for up to 47 hours: doubled each time. A
// check reads the whole backlog.
const BLOCKED_SECONDS = { first: 600, max: 3600 }

/** Checks an empty backlog again. Closes the circuit after the last check, or drains what it finds. */
export async function recheckBacklog(
  drain: Drain,
  { checks }: Circuit & { state: 'closing' },
): Promise<void> {
  const { services, lease, pass } = drain
  // The first check goes by the cursor: a replica may still show what this drain's predecessor delivered.
  const after = checks === 0 ? drain.after : ''
  const left = pass ? await checkInOrder(drain, pass) : await check(drain, after)
  const next =
    RECHECK_SECONDS[checks + 1] ?? (left === 'blocked' ? blockedSeconds(checks) : undefined)
  await lease.change((circuit) => {
    if (circuit.state !== 'closing') return circuit
    if (left === 'work') return asDraining(circuit, services.clock.now())
    return next === undefined ? closed(circuit) : { ...circuit, checks: checks + 1 }
  })
  if (left !== 'work' && next !== undefined) await lease.handOver(next)
}

/** Keeps the lease of the drain, which ends after all that it sends: a new one is only as long as a message takes. */
const asDraining = (circuit: Circuit & { state: 'closing' }, nowMs: number): Circuit =>
  withLease(withDrain(circuit, nowMs, circuit.lease.token), circuit.lease)

function blockedSeconds(checks: number): number {
  const { first, max } = BLOCKED_SECONDS
  return Math.min(max, first * 2 ** (checks + 1 - RECHECK_SECONDS.length))
}

/** What is left in a backlog: work, only what waits behind retries (`blocked`), or nothing. */
type Left = 'work' | 'blocked' | 'nothing'

async function check(drain: Drain, after: string): Promise<Left> {
  const [found] = await backlogOf(drain, after, 1)
  return found === undefined ? 'nothing' : 'work'
}

/** Checks for what may begin. Counts as blocked what is left at the end of the drain's time: that keeps its due time. */
async function checkInOrder(drain: Drain, pass: Pass): Promise<Left> {
  for (let after = ''; drain.services.clock.now() < drain.endMs;) {
    const page = await backlogOf(drain, after, PAGE)
    const last = page.at(-1)
    if (last === undefined) return after === '' ? 'nothing' : 'blocked'
    const ready = await readyOf(drain.services, pass, page, 1)
    if (ready.length > 0 || pass.isUnsure) return 'work'
    after = last.id
  }
  return 'blocked'
}
