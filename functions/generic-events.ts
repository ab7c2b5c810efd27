import { app, type HttpResponseInit } from '@azure/functions'
import {
  identityOf,
  requireMayPublish,
  requireMayReadResource,
  requireScope,
  scopeFor,
  scopesOf,
} from '../shared/auth/access-rules.ts'
import type { Claims } from '../shared/auth/token-verifier.ts'
import { appResource, type Publisher } from '../shared/events/cloud-event.ts'
import { parseGenericEvent } from '../shared/events/generic-event.ts'
import { parseGenericReadRequest } from '../shared/events/generic-read-request.ts'
import { idempotencyKeyOf } from '../shared/events/idempotency-store.ts'
import { acceptEvent } from '../shared/flows/accept-event.ts'
import { withUpload, type HoldUpload } from '../shared/flows/hold-upload.ts'
import { nextPageUrl, pageOfEvents, positionAfter } from '../shared/flows/read-events.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { readJsonBody, requireCloudEventContentType } from '../shared/http/json-body.ts'

/** POST /events: a CloudEvent of any resource, in the original's order of checks (altinn-contract §8.1). */
async function publish(call: HttpCall, hold: HoldUpload): Promise<HttpResponseInit> {
  const { request, services, traceparent, log } = call
  const { auth, config } = services
  requireCloudEventContentType(request) // 415
  const claims = await auth.requireCaller(request) // 401, 503
  const publishingApp = await publishingAppOf(call, claims) // 403, 503
  const caller = identityOf(claims) // 400
  const limit = { maxBytes: config.eventMaxBytes, setting: 'EVENT_MAX_BYTES', hold }
  const event = parseGenericEvent(await readJsonBody(request, limit)) // 415, 413, 408, 400, 503
  const idempotencyKey = idempotencyKeyOf(request.headers) // 400
  await requireMayPublish(caller, publishingApp, event, services.access) // 403, 503
  // Not the user of an app: another app with that user's token could use up this one's ids and keys.
  const publisher = publishingApp === undefined ? caller.consumer : appResource(publishingApp)
  const { document, how } = await acceptEvent(services, {
    eventOf: () => event,
    publisher,
    idempotencyKey,
    owner: [publisher],
    traceparent,
  }) // 422, 503
  const { id, resource } = document
  log('event.accepted', { event: id, resource, type: event.type, how })
  return { status: 200 }
}

/** Returns the app of the platform access token, which a caller without the scope must have. */
async function publishingAppOf(
  { services, request }: HttpCall,
  claims: Claims,
): Promise<Publisher | undefined> {
  const { headers } = request
  if (scopesOf(claims).has(scopeFor.publish) && !headers.has('platformaccesstoken'))
    return undefined
  return services.auth.requirePublisher(headers)
}

/** GET /events: the events of a resource, for callers that may read them (altinn-contract §8.3). */
async function read({ request, services, log }: HttpCall): Promise<HttpResponseInit> {
  const { auth, config } = services
  const claims = await auth.requireCaller(request) // 401, 503
  requireScope(claims, 'read') // 403
  const wanted = parseGenericReadRequest(request, config.readWatermarkSeconds) // 400
  await requireMayReadResource(identityOf(claims), wanted.scope, services.access) // 400, 403, 503
  const after = await positionAfter(services.events, wanted)
  const page = await pageOfEvents(services.events, wanted.scope, { ...wanted, after, sources: [] })
  log('events.read', { resource: wanted.scope.resource, events: page.events.length })
  return {
    headers: {
      'content-type': `${contentTypeFor(request.headers.get('accept'))}; charset=utf-8`,
      ...(page.last !== undefined && { next: nextPageUrl(request.url, `cursor:${page.last}`) }),
    },
    body: `[${page.events.join(',')}]`,
  }
}

/** The original's, or plain JSON for callers that accept that and not CloudEvents. */
const contentTypeFor = (accept: string | null): string =>
  /application\/json/i.test(accept ?? '') && !/cloudevents/i.test(accept ?? '')
    ? 'application/json'
    : 'application/cloudevents+json'

const anonymous = { authLevel: 'anonymous' } as const // the tokens decide who may do what, above
app.post('publish-generic-event', {
  ...anonymous,
  route: 'events',
  handler: endpoint((call) => {
    const { uploads, clock } = call.services
    return withUpload(uploads.generic, clock, (hold) => publish(call, hold))
  }),
})
app.get('read-generic-events', { ...anonymous, route: 'events', handler: endpoint(read) })
