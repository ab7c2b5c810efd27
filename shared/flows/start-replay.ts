import Joi from 'joi'
import type { Stored } from '../azure/documents.ts'
import { nowSeconds } from '../clock.ts'
import { updateSubscription } from '../subscriptions/subscription-store.ts'
import { mayHaveExpired } from '../deliveries/retention.ts'
import {
  endedReplay,
  newReplay,
  type ReplayDocument,
  type ReplayRequest,
} from '../deliveries/replay-store.ts'
import { Problem, validationProblem, unconfirmedProblem } from '../http/problem.ts'
import { parseDateTime } from '../http/date-time.ts'
import type { Services } from '../services.ts'
import { isActive, type SubscriptionDocument } from '../subscriptions/subscription.ts'
import { sendReplayPage } from './replay.ts'

const time = Joi.string().custom((value: string, helpers) => {
  const ms = parseDateTime(value)
  if (ms === 'no time') return helpers.message({ custom: '{{#label}} must be a date and time' })
  if (ms === 'no timezone') return helpers.message({ custom: '{{#label}} must specify a timezone' })
  return new Date(ms).toISOString()
})
const schema = Joi.object<ReplayRequest>({
  only: Joi.valid('dead', 'missing', 'all').required(),
  from: time.required(),
  to: time.default(() => new Date().toISOString()),
}).required()

/** Parses the body of a replay request; `to` defaults to now. Throws a 400. */
export function parseReplayRequest({ value }: { value: unknown }): ReplayRequest {
  const { value: request, error } = schema.validate(value, { abortEarly: false, convert: false })
  if (error !== undefined) throw validationProblem(error.details)
  if (Date.parse(request.from) >= Date.parse(request.to))
    throw new Problem(400, '"from" must be before "to"')
  return request
}

/** Throws a 400 when what is asked for as missing may have arrived so long ago that no record shows it any more. */
export function requireRecords({ clock, config }: Services, { only, from }: ReplayRequest): void {
  const { retentionSeconds } = config.delivery
  if (only !== 'missing' || !mayHaveExpired(Date.parse(from), retentionSeconds, clock.now())) return
  throw new Problem(
    400,
    `"from" must be within the last ${retentionSeconds / 86_400} days for "missing": of older events it is not known any more which have arrived. "all" sends those too.`,
  )
}

/** Throws a 409 when a subscription is not active: what was put into its backlog would not be delivered. */
export function requireActive(subscription: SubscriptionDocument): void {
  if (!isActive(subscription))
    throw new Problem(409, 'The subscription is not validated, or is disabled.')
}

/**
 * Starts a replay and returns it. Throws a 400 when `missing` reaches back too far, a 409 while another replay of the
 * subscription runs, or when the subscription is not active, and a 503 when the replay is not confirmed to be stored. Of
 * two concurrent requests, the one that writes the subscription first wins.
 */
export async function startReplay(
  services: Services,
  subscription: Stored<SubscriptionDocument>,
  request: ReplayRequest,
): Promise<ReplayDocument> {
  const { replays, config } = services
  requireRecords(services, request)
  requireActive(subscription)
  const number = String(subscription.number)
  if (await isRunning(services, number, subscription.replay)) throw alreadyRunning()
  const replay = newReplay(
    services.newEventId(),
    number,
    request,
    nowSeconds(services.clock) + config.repairAfterSeconds,
  )
  if ((await replays.add(replay)).outcome === 'unconfirmed') throw unconfirmedProblem('replay')
  if (!(await claim(services, subscription, replay))) throw alreadyRunning()
  await sendReplayPage(services, replay)
  return replay
}

async function isRunning(
  { replays }: Services,
  number: string,
  id: string | undefined,
): Promise<boolean> {
  const replay = id === undefined ? undefined : await replays.find(number, id)
  return replay?.state === 'running'
}

/**
 * Makes it the subscription's current replay. Cancels it and returns false when another replay became that since the
 * read.
 */
async function claim(
  { subscriptions, replays }: Services,
  read: Stored<SubscriptionDocument>,
  { subscription, id }: ReplayDocument,
): Promise<boolean> {
  const claimed = await updateSubscription(subscriptions, read, (current) =>
    current.replay === read.replay ? { ...current, replay: id } : undefined,
  )
  if (claimed !== undefined) return true
  const mine = await replays.find(subscription, id)
  if (mine !== undefined) await replays.save(endedReplay(mine, 'cancelled'))
  return false
}

const alreadyRunning = (): Problem => new Problem(409, 'A replay of this subscription is running.')

/** Returns a replay as the API shows it; `examined` counts the events or deliveries examined, `sent` those sent. */
export function replayResource({ id, only, from, to, state, examined, sent }: ReplayDocument) {
  return { id, only, from, to, state, examined, sent }
}
