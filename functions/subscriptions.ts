import { app, type HttpResponseInit } from '@azure/functions'
import { identityOf, requireScope } from '../shared/auth/access-rules.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import type { JsonBody } from '../shared/http/json.ts'
import { readJsonBody, requireJsonContentType } from '../shared/http/json-body.ts'
import { readBody, SMALL_BODY } from '../shared/http/request-body.ts'
import { deliveriesSummary } from '../shared/flows/deliveries-summary.ts'
import { pageOfSubscriptions } from '../shared/flows/list-subscriptions.ts'
import {
  faultOfSubscriberEndpoint,
  requireOwnedSubscription,
  rotateSecret,
  subscribe,
  unsubscribe,
} from '../shared/flows/manage-subscriptions.ts'
import { pauseSubscription, resumeSubscription } from '../shared/flows/pause-subscription.ts'
import { previewSubscription } from '../shared/flows/preview-subscription.ts'
import { permitSubscription } from '../shared/flows/permit-subscription.ts'
import {
  endpointIn,
  isGenericRequest,
  parsePreviewRequest,
  parseSubscriptionRequest,
  type Circumstances,
  type PreviewRequest,
} from '../shared/subscriptions/subscription-request.ts'
import type { SubscriptionDocument } from '../shared/subscriptions/subscription.ts'
import { subscriptionResource } from '../shared/subscriptions/subscription-resource.ts'

/** POST /subscriptions: 201 with the new subscription and its secret, or with the identical existing one. */
async function create(call: HttpCall): Promise<HttpResponseInit> {
  const { request, services, log } = call
  const { identity, wanted, accessBy } = await requirePermitted(call, parseSubscriptionRequest) // 4xx, 503
  const api = apiUrl(request.url)
  const owner = { consumer: identity.consumer, accessBy }
  const { subscription, secret } = await subscribe(services, owner, wanted, api) // 503
  log('subscription.created', { subscription: subscription.number, new: secret !== undefined })
  return {
    status: 201,
    headers: { location: `/events/api/v1/subscriptions/${subscription.number}` },
    jsonBody: { ...subscriptionResource(subscription), ...(secret !== undefined && { secret }) },
  }
}

/** POST /subscriptions/preview: which of the newest events a subscription would match. Stores nothing, calls nobody. */
async function preview(call: HttpCall): Promise<HttpResponseInit> {
  const { identity, wanted, accessBy } = await requirePermitted(call, parsePreviewRequest) // 4xx, 503
  const { consumer } = identity
  return { jsonBody: await previewSubscription(call.services, wanted, { consumer, accessBy }) } // 503
}

/** Returns the subscription that is asked for, and by whom. Throws unless the caller may have it. */
async function requirePermitted<T extends PreviewRequest>(
  { request, services }: HttpCall,
  parse: (body: JsonBody, circumstances: Circumstances) => T,
) {
  requireJsonContentType(request) // 415
  const claims = await services.auth.requireCaller(request) // 401
  const identity = identityOf(claims) // 400
  const body = await readJsonBody(request, SMALL_BODY) // 4xx
  const url = endpointIn(body) // 400
  const endpointFault =
    url === undefined ? undefined : await faultOfSubscriberEndpoint(services, url)
  if (endpointFault === undefined && isGenericRequest(body)) requireScope(claims, 'subscribe') // 400, 403
  const asked = parse(body, { hasRegister: services.register !== undefined, endpointFault }) // 400
  return { identity, ...(await permitSubscription(services, identity, asked)) } // 400, 403, 503
}

/** GET /subscriptions?after=&size=: the caller's own, by id; the header `next` leads on. */
async function list({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const { consumer } = identityOf(await services.auth.requireCaller(request)) // 401, 400
  const { page, next } = await pageOfSubscriptions(services, consumer, request) // 400
  return { jsonBody: page, ...(next !== undefined && { headers: { next } }) }
}

/**
 * GET /subscriptions/{id}: the subscription, how many deliveries wait or are dead, and the latest one. 404 unknown, 403 of
 * another consumer.
 */
async function read({ services, request }: HttpCall): Promise<HttpResponseInit> {
  return withCounts(services, await requireOwnedSubscription(services, request))
}

async function withCounts(
  services: HttpCall['services'],
  subscription: SubscriptionDocument,
): Promise<HttpResponseInit> {
  const { circuit, ...resource } = subscriptionResource(subscription)
  const summary = await deliveriesSummary(services, subscription.number)
  const { waiting } = summary.counts
  return { jsonBody: { ...resource, circuit: { ...circuit, waiting }, ...summary } }
}

/** POST /subscriptions/{id}/pause and /resume: 409 unless it is active. */
const changePause =
  (change: typeof pauseSubscription, what: string) =>
  async ({ services, request, log }: HttpCall): Promise<HttpResponseInit> => {
    const subscription = await requireOwnedSubscription(services, request)
    await readBody(request, SMALL_BODY) // it says nothing; 413
    const changed = await change(services, subscription)
    log(what, { subscription: changed.number })
    return withCounts(services, changed)
  }

/** DELETE /subscriptions/{id}. */
async function remove(call: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(call.services, call.request)
  await unsubscribe(call.services, subscription)
  call.log('subscription.deleted', { subscription: subscription.number })
  return { status: 200 }
}

/** POST /subscriptions/{id}/secret: adds a secret; the previous one also signs for 24 hours. */
async function rotate(call: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(call.services, call.request)
  await readBody(call.request, SMALL_BODY) // it says nothing; 413
  const secret = await rotateSecret(call.services, subscription)
  call.log('secret.rotated', { subscription: subscription.number })
  return { jsonBody: { id: subscription.number, secret } }
}

const apiUrl = (url: string): string => url.replace(/\/subscriptions.*$/, '')

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may do what, above
app.post('create-subscription', { ...anonymous, route: 'subscriptions', handler: endpoint(create) })
app.post('preview-subscription', {
  ...anonymous,
  route: 'subscriptions/preview',
  handler: endpoint(preview),
})
app.get('list-subscriptions', { ...anonymous, route: 'subscriptions', handler: endpoint(list) })
app.get('read-subscription', { ...anonymous, route: 'subscriptions/{id}', handler: endpoint(read) })
app.deleteRequest('delete-subscription', {
  ...anonymous,
  route: 'subscriptions/{id}',
  handler: endpoint(remove),
})
app.post('rotate-secret', {
  ...anonymous,
  route: 'subscriptions/{id}/secret',
  handler: endpoint(rotate),
})
app.post('pause-subscription', {
  ...anonymous,
  route: 'subscriptions/{id}/pause',
  handler: endpoint(changePause(pauseSubscription, 'subscription.paused')),
})
app.post('resume-subscription', {
  ...anonymous,
  route: 'subscriptions/{id}/resume',
  handler: endpoint(changePause(resumeSubscription, 'subscription.resumed')),
})
