import { app, type HttpResponseInit } from '@azure/functions'
import {
  identityOf,
  requireMayInspect,
  requireMayReadResource,
  type Identity,
} from '../shared/auth/access-rules.ts'
import { appResource } from '../shared/events/cloud-event.ts'
import { eventStatus } from '../shared/flows/event-status.ts'
import { pageOfResources } from '../shared/flows/list-resources.ts'
import { pageOfSubscribers } from '../shared/flows/list-subscribers.ts'
import { activityOf } from '../shared/flows/resource-activity.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { Problem } from '../shared/http/problem.ts'

// What the owner of a resource asks: did they get it, and who subscribes?

/** GET /app/{org}/{app}/{id}: an event of an app, and what has become of its deliveries. */
async function appEvent({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const { org = '', app: name = '', id = '' } = request.params
  const resource = appResource({ org, app: name })
  await requireReader({ request, services }, resource) // 401, 400, 403, 503
  return { jsonBody: await eventStatus(services, resource, id) } // 404
}

/** GET /events/{id}?resource=: the same of a generic event, by the id that its publisher gave it. */
async function genericEvent({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const resource = request.query.get('resource') ?? ''
  await requireReader({ request, services }, resource) // 401, 400, 403, 503
  return { jsonBody: await eventStatus(services, resource, request.params['id'] ?? '') } // 404
}

/** GET /resources/{resource}/subscriptions?after=&size=: who subscribes to a resource, by id; the header `next` leads on. */
async function subscribers({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const resource = request.params['resource'] ?? ''
  await requireOwner({ request, services }, resource) // 401, 400, 403, 503
  const { subscriptions, next } = await pageOfSubscribers(services, resource, request) // 400
  return { jsonBody: { subscriptions }, ...(next !== undefined && { headers: { next } }) }
}

/** GET /resources?after=: the caller's apps that have events, by name, and the newest event of each. */
async function resources({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const { org } = identityOf(await services.auth.requireCaller(request)) // 401, 400
  if (org === undefined) throw new Problem(403, 'Only orgs have apps.')
  return { jsonBody: await pageOfResources(services, org, request.query.get('after') ?? '') }
}

/** GET /resources/{resource}/activity: how many events were accepted in each of the last 60 minutes, and the newest. */
async function activity({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const resource = request.params['resource'] ?? ''
  await requireReader({ request, services }, resource) // 401, 400, 403, 503
  return { jsonBody: await activityOf(services, resource) }
}

type Asked = Pick<HttpCall, 'request' | 'services'>

/** Throws unless the caller owns the resource, which is an app's, or is permitted to inspect it. */
async function requireOwner({ request, services }: Asked, resource: string): Promise<Identity> {
  const caller = identityOf(await services.auth.requireCaller(request)) // 401, 400
  if (resource === '') throw new Problem(400, 'The resource field is required.')
  await requireMayInspect(caller, resource, services.access) // 403, 503
  return caller
}

/** Throws as `requireOwner`, and unless the caller may read the events, which others may have published. */
async function requireReader(asked: Asked, resource: string): Promise<void> {
  const caller = await requireOwner(asked, resource)
  await requireMayReadResource(caller, { resource }, asked.services.access) // 403, 503
}

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may see what, above
app.get('read-app-event', {
  ...anonymous,
  route: 'app/{org}/{app}/{id}',
  handler: endpoint(appEvent),
})
app.get('read-generic-event', {
  ...anonymous,
  route: 'events/{id}',
  handler: endpoint(genericEvent),
})
app.get('list-resources', {
  ...anonymous,
  route: 'resources',
  handler: endpoint(resources),
})
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
