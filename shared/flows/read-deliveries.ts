import { isOpen, type DeliveryDocument } from '../deliveries/delivery.ts'
import type { Stored } from '../azure/documents.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'

const PAGE_SIZE = 50
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

type State = DeliveryDocument['state']

/** The states of the API, and the stored states that each stands for. */
const states: Record<string, State[]> = {
  waiting: ['waiting', 'backlog'],
  delivered: ['delivered'],
  dead: ['dead'],
  cancelled: ['cancelled'],
}

/** Returns a page of a subscription's deliveries; `next` is the `after` of the next page, absent on the last. */
export async function pageOfDeliveries(
  { deliveries }: Services,
  subscription: string,
  query: URLSearchParams,
) {
  const after = query.get('after') ?? ''
  const wanted = parseStates(query.get('state') ?? 'all')
  const pages = await Promise.all(
    wanted.map((state) => deliveries.page(subscription, state, after, PAGE_SIZE)),
  )
  const page = pages.flat().toSorted(byId).slice(0, PAGE_SIZE)
  const last = page.at(-1)?.id
  return {
    deliveries: page.map(deliveryResource),
    ...(page.length === PAGE_SIZE && last !== undefined && { next: last }),
  }
}

const MAX_COUNTED = 1000

/** Counts the deliveries that wait for a subscription: "0" to "1000", or "1000+". */
export async function countWaiting({ deliveries }: Services, number: number): Promise<string> {
  const count = (state: State) => deliveries.count(String(number), state, MAX_COUNTED + 1)
  const [waiting, backlog] = await Promise.all([count('waiting'), count('backlog')])
  return waiting + backlog > MAX_COUNTED ? `${MAX_COUNTED}+` : String(waiting + backlog)
}

/** Returns the delivery of an event to a subscription. Throws a 404 when there is none. */
export async function requireDelivery(
  { deliveries }: Services,
  subscription: string,
  event: string,
): Promise<Stored<DeliveryDocument>> {
  const found = uuid.test(event) ? await deliveries.find(subscription, event) : undefined
  if (found === undefined)
    throw new Problem(404, `There is no delivery of event ${event} to this subscription.`)
  return found
}

/** Returns a delivery as the API shows it. */
export function deliveryResource(delivery: DeliveryDocument) {
  const { id, state, sequence, run, attempts, reason, due } = delivery
  return {
    event: id,
    state: isOpen({ state }) ? 'waiting' : state,
    ...(sequence !== undefined && { sequence }),
    run,
    attempts,
    ...(reason !== undefined && { reason }),
    ...(due !== undefined && { due: new Date(due * 1000).toISOString() }),
  }
}

function parseStates(state: string): State[] {
  if (state === 'all') return Object.values(states).flat()
  const wanted = Object.hasOwn(states, state) ? states[state] : undefined
  if (wanted !== undefined) return wanted
  throw new Problem(400, `"state" must be one of ${Object.keys(states).join(', ')}, all`)
}

const byId = (a: DeliveryDocument, b: DeliveryDocument): number => (a.id < b.id ? -1 : 1)
