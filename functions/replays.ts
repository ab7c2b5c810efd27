import { app, type HttpResponseInit } from '@azure/functions'
import { cancelReplay, requireReplay } from '../shared/flows/cancel-replay.ts'
import { requireOwnedSubscription } from '../shared/flows/manage-subscriptions.ts'
import { previewReplay } from '../shared/flows/preview-replay.ts'
import {
  parseReplayRequest,
  replayResource,
  requireActive,
  startReplay,
} from '../shared/flows/start-replay.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { readJsonBody, requireJsonContentType } from '../shared/http/json-body.ts'
import { SMALL_BODY } from '../shared/http/request-body.ts'

/** POST /subscriptions/{id}/replay: replays many deliveries in the background. */
async function start({ request, services, log }: HttpCall): Promise<HttpResponseInit> {
  requireJsonContentType(request)
  const subscription = await requireOwnedSubscription(services, request)
  const wanted = parseReplayRequest(await readJsonBody(request, SMALL_BODY)) // 4xx
  const started = await startReplay(services, subscription, wanted) // 409, 503
  log('replay.started', {
    subscription: subscription.number,
    replay: started.id,
    only: started.only,
  })
  return { status: 202, jsonBody: replayResource(started) }
}

/** POST /subscriptions/{id}/replay/preview: how many deliveries a replay would send. */
async function preview({ request, services }: HttpCall): Promise<HttpResponseInit> {
  requireJsonContentType(request)
  const subscription = await requireOwnedSubscription(services, request)
  const wanted = parseReplayRequest(await readJsonBody(request, SMALL_BODY)) // 4xx
  requireActive(subscription) // 409
  return { jsonBody: { count: await previewReplay(services, subscription, wanted) } }
}

/** GET /subscriptions/{id}/replay: the progress of the latest replay. */
async function progress({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(services, request)
  return { jsonBody: replayResource(await requireReplay(services, subscription)) } // 404
}

/** DELETE /subscriptions/{id}/replay: ends the latest replay; what it has put into the backlog is still sent. */
async function cancel({ request, services, log }: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(services, request)
  const cancelled = await cancelReplay(services, subscription) // 404, 409
  log('replay.cancelled', { subscription: subscription.number, replay: cancelled.id })
  return { jsonBody: replayResource(cancelled) }
}

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may do what, above
const route = 'subscriptions/{id}/replay'
app.post('start-replay', { ...anonymous, route, handler: endpoint(start) })
app.post('preview-replay', {
  ...anonymous,
  route: `${route}/preview`,
  handler: endpoint(preview),
})
app.get('read-replay', { ...anonymous, route, handler: endpoint(progress) })
app.deleteRequest('cancel-replay', { ...anonymous, route, handler: endpoint(cancel) })
