import Joi from 'joi'
import { problemOf } from './joi-problem.ts'
import { Problem, unconfirmed } from './problem.ts'
import { askForPage } from './replay.ts'
import { newReplay, type ReplayDocument, type ReplayRequest } from './replays.ts'
import type { Services } from './services.ts'
import { nowSeconds } from './delivery.ts'

const time = Joi.string()
  .isoDate()
  .pattern(/(Z|[+-]\d\d:\d\d)$/)
  .messages({ 'string.pattern.base': '{{#label}} must specify a timezone' })
const schema = Joi.object<ReplayRequest>({
  only: Joi.valid('dead', 'missing', 'all').required(),
  from: time.required(),
  to: time.default(() => new Date().toISOString()),
})
  .required()
  .prefs({ abortEarly: false, convert: false })

/** The replay in a body: `only`, `from`, and `to`, which is now where it is left out. 400. */
export function parseReplayRequest({ value }: { value: unknown }): ReplayRequest {
  const { value: request, error } = schema.validate(value)
  if (error !== undefined) throw problemOf(error.details)
  if (Date.parse(request.from) >= Date.parse(request.to))
    throw new Problem(400, '"from" must be before "to"')
  return request
}

/** Starts a replay, one at a time for a subscription: 409 while another runs. */
export async function startReplay(
  services: Services,
  subscription: string,
  request: ReplayRequest,
): Promise<ReplayDocument> {
  const { replays, config } = services
  const replay = newReplay(subscription, request, nowSeconds() + config.repairAfterSeconds)
  if ((await replays.running(subscription)).length > 0) throw runsAlready()
  if ((await replays.add(replay)).outcome === 'unconfirmed') throw unconfirmed('replay')
  await yieldToEarlier(services, replay)
  await askForPage(services, replay)
  return replay
}

/** Of two that were started at once, the one with the lower id goes on. */
async function yieldToEarlier(
  { replays }: Services,
  { subscription, id }: ReplayDocument,
): Promise<void> {
  const running = await replays.running(subscription)
  const mine = running.find((each) => each.id === id)
  if (mine === undefined || running.every((each) => each.id >= id)) return
  const { due: _due, ...over } = mine
  await replays.save({ ...over, state: 'cancelled' })
  throw runsAlready()
}

const runsAlready = (): Problem => new Problem(409, 'A replay of this subscription is running.')
