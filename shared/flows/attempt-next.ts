import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { attemptInOrder, readyOf, type Pass } from './attempt-in-order.ts'
import { attemptPage, type PageResult } from './attempt-page.ts'
import { backlogOf, closeCircuit, PAGE, startOver, type Drain } from './drain-state.ts'

// Until an ordered subscription that waits for what is not to be seen is tried again: doubled each time. A replica lags for
// seconds, and the fan-out before may be out for hours.
const UNSURE_SECONDS = { min: 5, max: 60 }

/** Attempts the next page, or so many probes. Returns undefined at the end of the backlog, once that is handled. */
export async function attemptNext(
  drain: Drain,
  probes: number | undefined,
): Promise<PageResult | undefined> {
  const { services } = drain
  const isProbe = probes !== undefined
  if (!isProbe && services.clock.now() >= drain.afterUntilMs) startOver(drain)
  const found = await backlogOf(drain, drain.after, probes ?? PAGE)
  const page = isProbe ? found : found.filter((each) => !drain.attempted.has(keyOf(each)))
  if (page.length === 0) {
    await restartOrClose(drain, isProbe)
    return undefined
  }
  const untilMs = isProbe || drain.after === '' ? Infinity : drain.afterUntilMs
  const result = await attemptPage(limitsOf(drain, isProbe, untilMs), page)
  const newest = result.attempted.at(-1)?.id ?? ''
  if (newest > drain.newest) drain.newest = newest
  // Probes go on behind the last one, since a replica may still show it: what had no room is found when the drain starts over.
  drain.after = (isProbe ? result.attempted.at(-1)?.id : lastBefore(result, page)) ?? drain.after
  if (!isProbe) for (const each of result.attempted) drain.attempted.add(keyOf(each))
  return result
}

/** As `attemptNext`, for an ordered subscription: of each subject one at a time, and probes of different subjects. */
export async function attemptNextInOrder(
  drain: Drain,
  pass: Pass,
  probes: number | undefined,
): Promise<PageResult | undefined> {
  const found = await backlogOf(drain, drain.after, PAGE)
  const last = found.at(-1)
  if (last === undefined) {
    await endPass(drain, pass)
    return undefined
  }
  const limits = limitsOf(drain, probes !== undefined, Infinity)
  if (probes === undefined) {
    const result = await attemptInOrder(limits, pass, found)
    if (drain.services.clock.now() < drain.endMs) drain.after = last.id // else the next drain goes on with this page
    return result
  }
  const page = await readyOf(drain.services, pass, found, probes)
  const result = await attemptInOrder(limits, pass, page)
  const isOver = drain.services.clock.now() >= drain.endMs
  if (!isOver || result.attempted.length > 0) drain.after = page.at(-1)?.id ?? last.id // else the next drain probes these
  return result
}

/** Begins another pass where that may find more, or hands over, or has the circuit closing. */
async function endPass(drain: Drain, { isPartial, hasAttempted, isUnsure }: Pass): Promise<void> {
  if (hasAttempted) drain.waitedSeconds = 0
  if (isPartial || hasAttempted) startOver(drain)
  else if (isUnsure) await waitLonger(drain)
  else await closeCircuit(drain)
}

async function waitLonger({ lease, waitedSeconds }: Drain): Promise<void> {
  const { min, max } = UNSURE_SECONDS
  const waited = Math.min(max, Math.max(min, 2 * waitedSeconds))
  await lease.handOver(waited, { waited })
}

/** Returns the last attempt before the first delivery of the page that had none, as where its subscriber had no room. */
function lastBefore({ attempted }: PageResult, page: DeliveryDocument[]): string | undefined {
  const began = new Set(attempted)
  const missing = page.findIndex((delivery) => !began.has(delivery))
  return page[(missing === -1 ? page.length : missing) - 1]?.id
}

const limitsOf = (
  { services, lease, rateLimit, endMs }: Drain,
  isProbe: boolean,
  untilMs: number,
) => ({
  services,
  subscription: lease.subscription(),
  rateLimit,
  endMs: Math.min(endMs, untilMs),
  isProbe,
})

/**
 * Handles the end of the backlog. Starts over where there may be more: probes have skipped those that failed, and others
 * have joined behind the cursor meanwhile, which is needed no more once no replica shows what the drain before delivered.
 * Otherwise the circuit is closing, and later checks find deliveries that a writer with an old index added meanwhile.
 */
async function restartOrClose(drain: Drain, isProbe: boolean): Promise<void> {
  const { services, after } = drain
  if (after !== '' && (isProbe || services.clock.now() >= drain.lagsUntilMs)) {
    drain.after = ''
    return
  }
  await closeCircuit(drain)
}

const keyOf = ({ id, run, attempt }: DeliveryDocument): string => `${id} ${run} ${attempt}`
