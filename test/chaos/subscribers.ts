import { startReceiver, type Behaviour, type Delivery } from '../../local/receiver.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import type { Clock } from './clock.ts'
import { COMPLETED, isWithin, type LossPlan } from './plan.ts'
import { createRandom } from './random.ts'

const FLAKY_SHARE = 0.1

/** The first delivery of an event (epoch ms), and the number of deliveries. */
interface Receipt {
  firstAt: number
  times: number
}

export type Subscriber = Awaited<ReturnType<typeof startSubscriber>>

export interface SubscriberOptions {
  name: string
  /** Returns the answer to each request. */
  behaviour: () => Behaviour
  /** The only type of events that it subscribes to; undefined for all. */
  type?: string
}

/** Starts an endpoint that counts the deliveries it answers with success. `subscribe` subscribes it. */
export async function startSubscriber({ name, behaviour, type }: SubscriberOptions) {
  const receiver = await startReceiver()
  const received = new Map<string, Receipt>()
  const idsOfKey = new Map<string, Set<string>>()
  let invalidSignatures = 0

  function record({ event, at, verified }: Delivery): void {
    const id = event?.id ?? ''
    const known = received.get(id) ?? { firstAt: at.getTime(), times: 0 }
    received.set(id, { ...known, times: known.times + 1 })
    if (verified !== true) invalidSignatures++
    if (isKey(event?.data))
      idsOfKey.set(event.data, (idsOfKey.get(event.data) ?? new Set()).add(id))
  }
  receiver.behave((delivery) => {
    const answer = behaviour()
    const isEvent = delivery.event?.type !== 'platform.events.validatesubscription'
    if (isEvent && answer.status === undefined && answer.does === undefined) record(delivery)
    return answer
  })
  const endpoint = `${receiver.url}/${name}`
  return {
    name,
    endpoint,
    received,
    /** Returns the number of deliveries with an invalid signature. */
    invalidSignatures: () => invalidSignatures,
    /** Returns the number of idempotency keys that came as more than one event. */
    duplicateKeys: () => [...idsOfKey.values()].filter(({ size }) => size > 1).length,
    matches: (event: { type: string }): boolean => type === undefined || event.type === type,
    /** Subscribes at the app's address `api`, with a token of `issuer`. */
    async subscribe(api: string, issuer: string): Promise<void> {
      const filters = type === undefined ? {} : { typeFilter: type }
      receiver.setSecret(await subscribeExample(api, issuer, endpoint, filters))
    },
    stop: () => receiver.stop(),
  }
}

/** The three subscribers of a run without faults. */
export const healthySubscribers: SubscriberOptions[] = [
  { name: 'healthy', behaviour: () => ({}) },
  { name: 'flaky', behaviour: () => ({}) },
  { name: 'down', behaviour: () => ({}), type: COMPLETED },
]

/** Returns three subscribers: one healthy, one that fails 10 % of the requests, and one that is down for a time. */
export function failingSubscribers(
  { down }: LossPlan,
  clock: Clock,
  seed: number,
): SubscriberOptions[] {
  const random = createRandom(seed + 3)
  const failures: [Behaviour, ...Behaviour[]] = [
    { status: 503 },
    { status: 500 },
    { does: 'reset' },
    { delayMs: 1000 },
  ]
  return [
    { name: 'healthy', behaviour: () => ({}) },
    { name: 'flaky', behaviour: () => (random.chance(FLAKY_SHARE) ? random.pick(failures) : {}) },
    {
      name: 'down',
      behaviour: () => (isWithin([down], clock.elapsed()) ? down.how : {}),
      type: COMPLETED,
    },
  ]
}

/** Events with an idempotency key have it as their data (plan.ts). Others have none, or the same large text. */
const isKey = (data: unknown): data is string => typeof data === 'string' && data.length < 100
