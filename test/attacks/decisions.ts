import { tokensOf } from '../support/app.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { callerClaims, createSubscriptionsClient, mintToken } from '../support/subscriber.ts'
import { kinds, type AccessFixture } from './access-fixture.ts'
import { byPlatformToken, isValid, rowsBy, statusFor, type Route } from './access-table.ts'
import { attack, statusOf, type Attack } from './attack.ts'

const SCOPES = 'altinn:events.publish altinn:events.subscribe'
const urn = (name: string) => `urn:altinn:resource:${name}`

type Tokens = Map<string, string | undefined>
type Ask = (name: string, token: string | undefined) => Promise<Response>

/** Each kind of token with these scopes; those that are none stay what they are. */
async function tokensWith(scope: string, { tokens }: AccessFixture): Promise<Tokens> {
  const valid = Object.entries(callerClaims).map(
    async ([kind, claims]): Promise<[string, string]> => [
      kind,
      await mintToken({ ...claims, scope }),
    ],
  )
  return new Map<string, string | undefined>([
    ...Object.entries(tokens).slice(0, 3),
    ...(await Promise.all(valid)),
  ])
}

/** The whole table as attacks on an app whose grants, or whose policy decision point, decide. */
export async function decisionAttacks(fixture: AccessFixture): Promise<Attack[]> {
  const [scoped, unscoped] = await Promise.all([
    tokensWith(SCOPES, fixture),
    tokensWith('', fixture),
  ])
  const both = { has: 'both scopes', tokens: scoped }
  const no = { has: 'no scope', tokens: unscoped }
  const ask = requestsTo(fixture)
  const cells = rowsBy(fixture.decidedBy).flatMap(({ route, resources, expected }) =>
    resources.flatMap((resource, place) => [
      ...kinds
        .filter((kind) => isValid(kind) || place === 0)
        .map((kind) => ({ ...both, route, resource, kind, statuses: expected[0] })),
      ...kinds
        .filter(isValid)
        .map((kind) => ({ ...no, route, resource, kind, statuses: expected[1] })),
    ]),
  )
  const named = (name: string) => `${name} (${fixture.decidedBy})`
  return [
    ...cells.map(({ route, resource, kind, has, tokens, statuses }) =>
      attack(
        'route',
        named(`${route} of ${resource}, ${kind}, ${has}`),
        statusFor(kind, statuses),
        () => statusOf(ask[route](resource, tokens.get(kind))),
      ),
    ),
    ...byPlatformToken.flatMap(([name, resource, statuses]) =>
      kinds.flatMap((kind) =>
        [scoped, unscoped].map((tokens) => {
          const has = tokens === scoped ? 'both scopes' : 'no scope'
          const what = named(`POST /events of ${resource} by ${name}, ${kind}, ${has}`)
          return attack('route', what, statusFor(kind, statuses), () =>
            statusOf(publishAs(fixture, name, resource, tokens.get(kind))),
          )
        }),
      ),
    ),
  ]
}

function requestsTo({ app, newEndpoint }: AccessFixture): Record<Route, Ask> {
  const get = (path: string, token: string | undefined) =>
    fetch(
      app.api + path,
      token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
    )
  const post = (path: string, body: object, token: string | undefined) =>
    createSubscriptionsClient(app, token).call('POST', path, body)
  const ofApp = (name: string) => name.replace(/^app_([^_]+)_/, '/app/$1/')
  return {
    'POST /events': (name, token) => createGenericClient(app, token).publish(eventOf(name)),
    'GET /events': (name, token) => get(`/events?resource=${urn(name)}&after=0`, token),
    'GET /events/{id}': (name, token) => get(`/events/unknown?resource=${urn(name)}`, token),
    'GET /app/{org}/{app}': (name, token) => get(`${ofApp(name)}?after=1`, token),
    'GET /app/{org}/{app}/{id}': (name, token) => get(`${ofApp(name)}/${UNKNOWN}`, token),
    'GET /app/party': (_name, token) => get('/app/party?party=1&after=1', token),
    'POST /subscriptions': (name, token) =>
      post('', { endPoint: newEndpoint(), resourceFilter: urn(name) }, token),
    'POST /subscriptions/preview': (name, token) =>
      post('/preview', { resourceFilter: urn(name) }, token),
    'GET /resources': (_name, token) => get('/resources', token),
    'GET /resources/{resource}/activity': (name, token) =>
      get(`/resources/${urn(name)}/activity`, token),
    'GET /resources/{resource}/subscriptions': (name, token) =>
      get(`/resources/${urn(name)}/subscriptions`, token),
  }
}

const UNKNOWN = '019b0000-0000-7000-8000-000000000000'

const eventOf = (name: string) => {
  const id = crypto.randomUUID()
  return { specversion: '1.0', id, source: '/a', type: 'a', resource: urn(name) }
}

/** Publishes with the platform access token of an app, beside the Altinn token. */
async function publishAs(
  { app }: AccessFixture,
  publisher: string,
  name: string,
  token: string | undefined,
): Promise<Response> {
  const [org = '', own = ''] = publisher.split('/')
  const [, platform] = await tokensOf(org, own)
  return createGenericClient(app, token, platform).publish(eventOf(name))
}
