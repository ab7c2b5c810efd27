import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { exampleEvent } from '../../local/example.ts'
import { tokensOf } from '../support/app.ts'
import { createSubscriptionsClient, minutesAgo } from '../support/subscriber.ts'
import { OWN, type AccessFixture } from './access-fixture.ts'
import { attack, recordProblem, type Attack } from './attack.ts'

const event = '019b0000-0000-7000-8000-000000000000'
const json = 'application/json'
const form = 'application/x-www-form-urlencoded' // a form of another site can send this type and text/plain

/** A request and its status with the owner's token in a cookie. `{id}` is a subscription of the owner. */
interface CookieRequest {
  route: string
  query?: string
  type?: string
  body?: object
  /** Whether the app's platform access token is in its header. */
  isApps?: true
  status: number
}
const requests: CookieRequest[] = [
  { route: 'GET /app/{org}/{app}', query: '?after=1', status: 200 },
  { route: 'GET /app/party', query: '?after=1&unit=991825827', status: 200 },
  { route: 'GET /events', query: '?after=0&resource=urn:altinn:resource:app_ttd_a', status: 403 }, // its token lacks the scope
  { route: 'POST /events', type: 'application/cloudevents+json', body: {}, status: 401 },
  {
    route: 'POST /events',
    type: 'application/cloudevents+json',
    body: {},
    isApps: true,
    status: 401,
  },
  { route: 'GET /events/{id}', query: `?resource=${OWN}`, status: 404 },
  { route: 'GET /app/{org}/{app}/{id}', status: 404 },
  { route: 'GET /resources/{resource}/subscriptions', status: 200 },
  { route: 'GET /resources', status: 200 },
  { route: 'GET /resources/{resource}/activity', status: 200 },
  { route: 'GET /subscriptions', status: 200 },
  { route: 'GET /subscriptions/{id}', status: 200 },
  { route: 'GET /subscriptions/{id}/deliveries', status: 200 },
  { route: 'GET /subscriptions/{id}/deliveries/{event}', status: 404 },
  { route: 'GET /subscriptions/{id}/statistics', status: 200 },
  { route: 'GET /subscriptions/{id}/replay', status: 404 },
  { route: 'POST /app', type: json, body: exampleEvent, status: 403 },
  {
    route: 'POST /app',
    type: json,
    body: exampleEvent,
    isApps: true,
    status: 201,
  },
  { route: 'POST /subscriptions', type: json, body: { resourceFilter: OWN }, status: 401 },
  { route: 'POST /subscriptions/preview', type: json, body: { resourceFilter: OWN }, status: 401 },
  { route: 'POST /subscriptions/{id}/secret', type: form, status: 401 },
  { route: 'POST /subscriptions/{id}/secret', type: 'text/plain', status: 401 },
  { route: 'POST /subscriptions/{id}/secret', status: 401 },
  {
    route: 'POST /subscriptions/{id}/secret',
    isApps: true,
    status: 401,
  },
  { route: 'POST /subscriptions/{id}/deliveries/{event}/retry', type: form, status: 401 },
  { route: 'POST /subscriptions/{id}/deliveries/{event}/retry', status: 401 },
  {
    route: 'POST /subscriptions/{id}/replay',
    type: json,
    body: { only: 'dead', from: minutesAgo(1) },
    status: 401,
  },
  {
    route: 'POST /subscriptions/{id}/replay/preview',
    type: json,
    body: { only: 'dead', from: minutesAgo(1) },
    status: 401,
  },
  { route: 'POST /subscriptions/{id}/pause', type: form, status: 401 },
  { route: 'POST /subscriptions/{id}/pause', status: 401 },
  { route: 'POST /subscriptions/{id}/resume', type: form, status: 401 },
  { route: 'POST /subscriptions/{id}/resume', status: 401 },
  { route: 'DELETE /subscriptions/{id}/replay', status: 401 },
  { route: 'DELETE /subscriptions/{id}', status: 401 },
]

/** Attacks on every route with the owner's token in a cookie and in no header: it may read, and write by `POST /app` only. */
export async function cookieAttacks({
  app,
  tokens,
  newEndpoint,
}: AccessFixture): Promise<Attack[]> {
  const { id } = await createSubscriptionsClient(app, tokens.ttd).subscribed({
    endPoint: newEndpoint(),
    resourceFilter: OWN,
  })
  const [, platform] = await tokensOf('ttd', 'apps-test')
  async function send(cookie: string, { route, query = '', type, body, isApps }: CookieRequest) {
    const [method, template = ''] = route.split(' ')
    const parameters: Record<string, string> = {
      id: String(id),
      event,
      org: 'ttd',
      app: 'apps-test',
      resource: OWN,
    }
    const address = template.replaceAll(/\{(\w+)\}/g, (_, name) => parameters[name] ?? '')
    const request = fetch(`${app.api}${address}${query}`, {
      method: method ?? '',
      headers: {
        cookie: `a=b; ${cookie}=${tokens.ttd}`,
        ...(type !== undefined && { 'content-type': type }),
        ...(isApps && { platformaccesstoken: platform }),
      },
      ...(body !== undefined && {
        body: JSON.stringify(
          route === 'POST /subscriptions' ? { endPoint: newEndpoint(), ...body } : body,
        ),
      }),
    })
    return (await recordProblem(request)).status
  }
  const attacks = ['.ALTINNTOKEN', 'AltinnStudioRuntime'].flatMap((cookie) =>
    requests.map((request) =>
      attack(
        'cookie',
        `${request.route}, ${describe(request)}the cookie ${cookie}`,
        request.status,
        () => send(cookie, request),
      ),
    ),
  )
  const routes = [...new Set(requests.map(({ route }) => route))].toSorted()
  return [
    ...attacks,
    attack(
      'cookie',
      'the routes of openapi.yaml that require a token',
      describedRoutes().join(),
      () => Promise.resolve(routes.join()),
    ),
  ]
}

const describe = ({ type, isApps }: CookieRequest): string =>
  [type, isApps && 'platformaccesstoken']
    .map((name) => (name === undefined ? '' : `${name}, `))
    .join('')

/** Returns the routes that require a token, of docs/openapi.yaml. */
function describedRoutes(): string[] {
  const file = path.join(import.meta.dirname, '../../docs/openapi.yaml')
  const { paths } = parse(readFileSync(file, 'utf8'))
  const methods = ['get', 'post', 'put', 'patch', 'delete']
  return Object.entries<Record<string, { security?: unknown[] }>>(paths)
    .flatMap(([template, operations]) =>
      Object.entries(operations)
        .filter(([method, { security }]) => methods.includes(method) && security?.length !== 0)
        .map(([method]) => `${method.toUpperCase()} ${template}`),
    )
    .toSorted()
}
