import { app, type HttpResponseInit } from '@azure/functions'
import { requireOwnedSubscription } from '../shared/flows/manage-subscriptions.ts'
import {
  deliveryResource,
  pageOfDeliveries,
  requireDelivery,
  subjectVisibility,
} from '../shared/flows/read-deliveries.ts'
import { deliveryDetails } from '../shared/flows/delivery-details.ts'
import { deliveryStatistics } from '../shared/flows/delivery-statistics.ts'
import { redeliver } from '../shared/flows/redeliver.ts'
import { requireActive } from '../shared/flows/start-replay.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { Problem } from '../shared/http/problem.ts'
import { readBody, SMALL_BODY } from '../shared/http/request-body.ts'

/** GET /subscriptions/{id}/deliveries?state=&order=&after=&size=: a page, by event; `next` leads on. */
async function list({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(services, request) // 401, 404, 403
  return { jsonBody: await pageOfDeliveries(services, subscription, request.query) } // 400
}

/** GET /subscriptions/{id}/deliveries/{event}: a delivery, the event, and the request of the last attempt. */
async function read({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(services, request) // 401, 404, 403
  return {
    jsonBody: await deliveryDetails(services, subscription, request.params['event'] ?? ''), // 404, 503
  }
}

/** GET /subscriptions/{id}/statistics?from=&to=: what has become of an interval's deliveries, and how fast answers were. */
async function statistics({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const { number } = await requireOwnedSubscription(services, request) // 401, 404, 403
  return { jsonBody: await deliveryStatistics(services, String(number), request.query) } // 400
}

/** POST /subscriptions/{id}/deliveries/{event}/retry: starts a new run of a delivery that is over. */
async function retry({ request, services, log }: HttpCall): Promise<HttpResponseInit> {
  const subscription = await requireOwnedSubscription(services, request)
  const { number } = subscription
  await readBody(request, SMALL_BODY) // it says nothing; 413
  const delivery = await requireDelivery(services, String(number), request.params['event'] ?? '') // 404
  requireActive(subscription) // 409
  const anew = await redeliver(services, delivery)
  if (anew === undefined) throw new Problem(409, 'The delivery is waiting for an attempt already.')
  log('delivery.retried', { subscription: number, event: delivery.id })
  const isShown = await subjectVisibility(services, subscription)
  return { status: 202, jsonBody: deliveryResource(anew, isShown(anew)) }
}

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may do what, above
const subscriptionRoute = 'subscriptions/{id}'
app.get('list-deliveries', {
  ...anonymous,
  route: `${subscriptionRoute}/deliveries`,
  handler: endpoint(list),
})
app.get('read-delivery', {
  ...anonymous,
  route: `${subscriptionRoute}/deliveries/{event}`,
  handler: endpoint(read),
})
app.get('read-statistics', {
  ...anonymous,
  route: `${subscriptionRoute}/statistics`,
  handler: endpoint(statistics),
})
app.post('retry-one-delivery', {
  ...anonymous,
  route: `${subscriptionRoute}/deliveries/{event}/retry`,
  handler: endpoint(retry),
})
