import { app, type HttpResponseInit } from '@azure/functions'
import { identityOf, requireMayInspectEvents } from '../shared/auth/access-rules.ts'
import { appResource } from '../shared/events/cloud-event.ts'
import { eventStatus } from '../shared/flows/event-status.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { Problem } from '../shared/http/problem.ts'

/** GET /app/{org}/{app}/{id}: an event of an app, and what has become of its deliveries. */
async function readAppEvent({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const { org = '', app: name = '', id = '' } = request.params
  const resource = appResource({ org, app: name })
  const caller = identityOf(await services.auth.requireCaller(request)) // 401, 400
  await requireMayInspectEvents(caller, resource, services.access) // 403, 503
  return { jsonBody: await eventStatus(services, resource, id) } // 404, 503
}

/** GET /events/{id}?resource=: the same of a generic event, by the id that its publisher gave it. */
async function readGenericEvent({ request, services }: HttpCall): Promise<HttpResponseInit> {
  const resource = request.query.get('resource') ?? ''
  const caller = identityOf(await services.auth.requireCaller(request)) // 401, 400
  if (resource === '') throw new Problem(400, 'The resource field is required.')
  await requireMayInspectEvents(caller, resource, services.access) // 403, 503
  return { jsonBody: await eventStatus(services, resource, request.params['id'] ?? '') } // 404, 503
}

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may see what, above
app.get('read-app-event', {
  ...anonymous,
  route: 'app/{org}/{app}/{id}',
  handler: endpoint(readAppEvent),
})
app.get('read-generic-event', {
  ...anonymous,
  route: 'events/{id}',
  handler: endpoint(readGenericEvent),
})
