import type { Stored } from '../azure/documents.ts'
import type { DeliveryDocument } from '../deliveries/delivery.ts'
import { orderIdOf } from '../deliveries/order-store.ts'
import type { Services } from '../services.ts'
import type { SubscriptionEntry } from '../subscriptions/subscription.ts'
import { entryOf, type SubscriptionDocument } from '../subscriptions/subscription.ts'
import {
  attemptEach,
  endWithdrawn,
  send,
  whenRoom,
  type Limits,
  type PageResult,
} from './attempt-page.ts'
import { awaitEvent } from './await-event.ts'
import { claimSequence, readinessOf, type Ready } from './sequence.ts'

type Page = Stored<DeliveryDocument>[]

/** A pass of a drain through the backlog of an ordered subscription, from the oldest to the newest. */
export interface Pass {
  subscriber: SubscriptionEntry
  /** Subjects that stand still, by the id of their order, and the event that each is behind; undefined where none can be tried. */
  blocked: Map<string, string | undefined>
  /** Whether one of them waits for something that has no due time of its own, or that was not to be seen. */
  isUnsure: boolean
  /** Whether it began behind the last probe, or something was attempted: then another pass must follow. */
  isPartial: boolean
  hasAttempted: boolean
}

/** Returns a pass that begins after an event; '' is the oldest. */
export const newPass = (subscription: SubscriptionDocument, after: string): Pass => ({
  subscriber: entryOf(subscription, 0, String),
  blocked: new Map(),
  isUnsure: false,
  isPartial: after !== '',
  hasAttempted: false,
})

/** Attempts a page of deliveries: those of one subject one after another, each only when the one before is over. */
export async function attemptInOrder(limits: Limits, pass: Pass, page: Page): Promise<PageResult> {
  const withoutRate = { ...limits, rateLimit: undefined } // it counts attempts, not checks
  const result = await attemptEach(withoutRate, subjectsOf(page), (subject, mayBegin, so) =>
    attemptSubject(limits, pass, subject, mayBegin, so),
  )
  if (result.attempted.length > 0) pass.hasAttempted = true
  return result
}

async function attemptSubject(
  limits: Limits,
  pass: Pass,
  subject: Page,
  mayBegin: () => boolean,
  result: PageResult,
): Promise<void> {
  for (let rest = subject; mayBegin();) {
    const ready = await nextReady(limits.services, pass, rest)
    if (ready === undefined) return
    const { delivery } = ready
    const key = orderIdOf(delivery)
    pass.blocked.set(key, undefined)
    if (!(await attempt(limits, pass, ready, mayBegin, result))) return
    pass.blocked.delete(key)
    rest = rest.filter((each) => each !== delivery)
  }
}

/** Makes one attempt of a delivery that may begin. Returns whether the next of its subject may follow. */
async function attempt(
  limits: Limits,
  pass: Pass,
  ready: Ready,
  mayBegin: () => boolean,
  result: PageResult,
): Promise<boolean> {
  const { services, rateLimit } = limits
  const { delivery } = ready
  const withdrawn = await endWithdrawn(limits, delivery)
  if (withdrawn !== undefined) {
    result.attempted.push(delivery)
    return withdrawn !== 'changed'
  }
  if (!ready.isVisible) {
    result.attempted.push(delivery)
    await awaitEvent(services, delivery)
    return false
  }
  await rateLimit?.()
  const sent = await whenRoom(limits, delivery, mayBegin, (event) =>
    sendInOrder(limits, pass, ready, event, result),
  )
  return sent === true
}

/** Sends a delivery once its number is stored. Returns whether the next of its subject may follow. */
async function sendInOrder(
  limits: Limits,
  pass: Pass,
  ready: Ready,
  event: Buffer,
  result: PageResult,
): Promise<boolean> {
  const numbered = await claimSequence(limits.services, ready)
  if (numbered === undefined) {
    pass.isUnsure = true
    return false
  }
  result.attempted.push(numbered)
  return send(limits, numbered, event, result)
}

/** Returns what may begin of a subject: its first delivery, or the one that this is behind. */
async function nextReady(
  services: Services,
  pass: Pass,
  subject: Page,
): Promise<Ready | undefined> {
  const [first] = subject
  if (first === undefined) return undefined
  const key = orderIdOf(first)
  const behind = pass.blocked.get(key)
  let delivery = pass.blocked.has(key) ? subject.find(({ id }) => id === behind) : first
  while (delivery !== undefined) {
    const readiness = await readinessOf(services, pass.subscriber, delivery)
    if (readiness.state === 'ready') return readiness
    pass.blocked.set(key, readiness.behind)
    if (readiness.state === 'unsure') pass.isUnsure = true
    delivery = subject.find(({ id }) => id === readiness.behind)
  }
  return undefined
}

/** Returns at most `count` deliveries of a page that may begin, one of a subject. */
export async function readyOf(
  services: Services,
  pass: Pass,
  page: Page,
  count: number,
): Promise<Page> {
  const found: Page = []
  for (const subject of subjectsOf(page)) {
    if (found.length === count) break
    const ready = await nextReady(services, pass, subject)
    if (ready !== undefined) found.push(ready.delivery)
  }
  return found
}

/** Returns the deliveries of a page by subject, each in order. */
function subjectsOf(page: Page): Page[] {
  const subjects = Map.groupBy(page, orderIdOf)
  return [...subjects.values()]
}
