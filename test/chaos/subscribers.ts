import { startReceiver, type Behaviour, type Delivery } from '../../local/receiver.ts'
import { subscribeExample } from '../../local/subscribe.ts'
import type { Clock } from './clock.ts'
import { COMPLETED, isWithin, type LossPlan } from './plan.ts'
import { createRandom } from './random.ts'

const FLAKY_SHARE = 0.1

/** Which events a subscriber has got, and when first: by id, ms of the epoch. */
interface Receipt {
  firstAt: number
  times: number
}

export type Subscriber = Awaited<ReturnType<typeof startSubscriber>>

export interface SubscriberOptions {
  name: string
  /** How it answers, each time it is asked. */
  behaviour: () => Behaviour
  /** The one type of events that it wants; all where there is none. */
  type?: string
}

/** A subscriber that counts what it has answered with success; it is not subscribed yet. */
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
    /** How many came without a signature that holds. */
    invalidSignatures: () => invalidSignatures,
    /** How many keys came as more than one event. */
    duplicateKeys: () => [...idsOfKey.values()].filter(({ size }) => size > 1).length,
    matches: (event: { type: string }): boolean => type === undefined || event.type === type,
    /** Subscribes at an address of the app, with a token of the issuer there. */
    async subscribe(api: string, issuer: string): Promise<void> {
      const filters = type === undefined ? {} : { typeFilter: type }
      receiver.setSecret(await subscribeExample(api, issuer, endpoint, filters))
    },
    stop: () => receiver.stop(),
  }
}

/** The three of a run in which nobody is ill. */
export const healthySubscribers: SubscriberOptions[] = [
  { name: 'well', behaviour: () => ({}) },
  { name: 'flaky', behaviour: () => ({}) },
  { name: 'down', behaviour: () => ({}), type: COMPLETED },
]

/** One that is well, one that fails now and then, and one that is down for a while. */
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
    { name: 'well', behaviour: () => ({}) },
    { name: 'flaky', behaviour: () => (random.chance(FLAKY_SHARE) ? random.pick(failures) : {}) },
    {
      name: 'down',
      behaviour: () => (isWithin([down], clock.elapsed()) ? down.how : {}),
      type: COMPLETED,
    },
  ]
}

/** An event with a key has it as its data (loss-plan.ts); others have none, or all the same large text. */
const isKey = (data: unknown): data is string => typeof data === 'string' && data.length < 100
