import { app, type HttpResponseInit } from '@azure/functions'
import { requireMayReadAbout, requireMayReadApp } from '../shared/auth/access-rules.ts'
import { appResource } from '../shared/events/cloud-event.ts'
import { parseReadRequest, type ReadRequest } from '../shared/events/read-request.ts'
import { partyAbout } from '../shared/flows/find-party.ts'
import { nextPageUrl, type Page, pageOfEvents } from '../shared/flows/read-events.ts'
import { endpoint, type HttpCall } from '../shared/handlers.ts'
import { Problem } from '../shared/http/problem.ts'

/** GET /app/{org}/{app}: the events of an app, for the org that owns it. */
async function readAppEvents(call: HttpCall): Promise<HttpResponseInit> {
  const { services, request, log } = call
  const { org = '', app: name = '' } = request.params
  requireMayReadApp(await services.auth.requireCaller(request), org) // 401, 403
  const wanted = readRequestOf(call) // 400
  const resource = appResource({ org, app: name })
  const about = await partyAbout(services, wanted.about) // 404, 503
  const page = await pageOfEvents(services.events, { resource, ...about }, wanted)
  log('events.read', { resource, events: page.events.length })
  return answer(request.url, page)
}

/** GET /app/party: the events about the caller, of any app. */
async function readPartyEvents(call: HttpCall): Promise<HttpResponseInit> {
  const { services, request, log } = call
  const claims = await services.auth.requireCaller(request) // 401
  const wanted = readRequestOf(call) // 400
  const [subject] = Object.values(wanted.about)
  if (subject === undefined)
    throw new Problem(
      400,
      'Subject must be specified using either query params party or unit or header value person.',
    )
  requireMayReadAbout(claims, subject) // 403
  const about = await partyAbout(services, wanted.about) // 404, 503
  const page = await pageOfEvents(services.events, about, wanted)
  log('events.read', { events: page.events.length })
  return answer(request.url, page)
}

const readRequestOf = ({ request, services }: HttpCall): ReadRequest =>
  parseReadRequest(request.url, request.headers.get('person'), services.config.readWatermarkSeconds)

const answer = (url: string, { events, last }: Page): HttpResponseInit => ({
  headers: {
    'content-type': 'application/json; charset=utf-8',
    ...(last !== undefined && { next: nextPageUrl(url, last) }),
  },
  body: `[${events.join(',')}]`,
})

const anonymous = { authLevel: 'anonymous' } as const // the token decides who may read what, above
app.get('read-app-events', {
  ...anonymous,
  route: 'app/{org}/{app}',
  handler: endpoint(readAppEvents),
})
app.get('read-party-events', {
  ...anonymous,
  route: 'app/party',
  handler: endpoint(readPartyEvents),
})
