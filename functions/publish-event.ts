import { app, type HttpResponseInit } from '@azure/functions'
import { requireOwnSource } from '../shared/auth/source-ownership.ts'
import { newCloudEvent } from '../shared/events/cloud-event.ts'
import { parseEventDraft } from '../shared/events/event-draft.ts'
import { idempotencyKeyOf } from '../shared/events/idempotency-store.ts'
import { acceptEvent } from '../shared/flows/accept-event.ts'
import { withUpload, type HoldUpload } from '../shared/flows/hold-upload.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { readJsonBody, requireJsonContentType } from '../shared/http/json-body.ts'

/** POST /app, in the original's order of checks (altinn-contract §4); every comment names how a step can end. */
async function publishEvent(
  { request, services, traceparent, log }: HttpCall,
  hold: HoldUpload,
): Promise<HttpResponseInit> {
  const { auth, config } = services
  requireJsonContentType(request) // 415
  await auth.requireCaller(request, true) // 401, 503
  const publisher = await auth.requirePublisher(request.headers) // 403, 503
  const limit = { maxBytes: config.eventMaxBytes, setting: 'EVENT_MAX_BYTES', hold }
  const draft = parseEventDraft(await readJsonBody(request, limit)) // 415, 413, 408, 400, 503
  const idempotencyKey = idempotencyKeyOf(request.headers) // 400
  requireOwnSource(publisher, draft.source, config.sourceHosts) // 401
  const { document, how } = await acceptEvent(services, {
    eventOf: (id) => newCloudEvent(draft, publisher, id),
    idempotencyKey,
    owner: [publisher.org, publisher.app],
    traceparent,
  }) // 422, 503
  const { id, resource, event } = document
  log('event.accepted', { event: id, resource, type: event.type, how })
  return {
    status: 201,
    headers: { 'content-type': 'application/json; charset=utf-8', location: draft.subject },
    body: JSON.stringify(id),
  }
}

app.http('publish-event', {
  route: 'app',
  methods: ['POST'],
  authLevel: 'anonymous',
  handler: endpoint((call) => {
    const { uploads, clock } = call.services
    return withUpload(uploads.app, clock, (hold) => publishEvent(call, hold))
  }),
})
