import { app, type HttpResponseInit } from '@azure/functions'
import {
  identityOf,
  requireMayInspect,
  requireMayInspectEvents,
} from '../shared/auth/access-rules.ts'
import { pageOfResources } from '../shared/flows/list-resources.ts'
import { pageOfSubscribers } from '../shared/flows/list-subscribers.ts'
import { activityOf } from '../shared/flows/resource-activity.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { Problem } from '../shared/http/problem.ts'

/** GET /resources?after=: the caller's apps that have events, by name, and the newest event of each. */
async function list({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const { org } = identityOf(await services.auth.requireCaller(request)) // 401, 400
  if (org === undefined) throw new Problem(403, 'Only orgs have apps.')
  return { jsonBody: await pageOfResources(services, org, request.query.get('after') ?? '') }
}

/** GET /resources/{resource}/activity: how many events were accepted in each of the last 60 minutes, and the newest. */
async function activity({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const resource = request.params['resource'] ?? ''
  const caller = identityOf(await services.auth.requireCaller(request)) // 401, 400
  await requireMayInspectEvents(caller, resource, services.access) // 403, 503
  return { jsonBody: await activityOf(services, resource) }
}

/** GET /resources/{resource}/subscriptions?after=&size=: who subscribes to a resource, by id; the header `next` leads on. */
async function subscribers({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const resource = request.params['resource'] ?? ''
  const caller = identityOf(await services.auth.requireCaller(request)) // 401, 400
  await requireMayInspect(caller, resource, services.access) // 403, 503
  const { subscriptions, next } = await pageOfSubscribers(services, resource, request) // 400
  return { jsonBody: { subscriptions }, ...(next !== undefined && { headers: { next } }) }
}

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may see what, above
app.get('list-resources', { ...anonymous, route: 'resources', handler: endpoint(list) })
app.get('read-activity', {
  ...anonymous,
  route: 'resources/{resource}/activity',
  handler: endpoint(activity),
})
app.get('list-subscribers', {
  ...anonymous,
  route: 'resources/{resource}/subscriptions',
  handler: endpoint(subscribers),
})
