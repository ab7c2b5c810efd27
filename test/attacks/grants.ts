import { platformToken } from '../../local/tokens.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { callerClaims, createSubscriptionsClient, mintToken } from '../support/subscriber.ts'
import { setting } from '../support/stores.ts'
import { kinds, type AccessFixture, type Kind } from './access-fixture.ts'
import { attack, statusOf, type Attack } from './attack.ts'

// Every route about a resource × every kind of token, with both scopes and with none × what is granted to that caller.

const SCOPES = 'altinn:events.publish altinn:events.subscribe'
const APP = 'app_ttd_apps-test'
const urn = (name: string) => `urn:altinn:resource:${name}`
const none = ['granted-another', 'granted-none']

type Route =
  | 'POST /events'
  | 'GET /events'
  | 'POST /subscriptions'
  | 'preview'
  | 'subscribers'
  | 'GET /events/{id}'

/** The statuses for ttd, skd, user, otherUser, systemUser and organisation, and for who has no consumer; others are 401. */
type Statuses = [six: number | number[], nobody: number]
const noSubject = [403, 403, 400, 400, 400, 400] // of their own
const ttdAlone = (status: number) => [status, 403, 403, 403, 403, 403]

const table: [route: Route, resources: string[], withScopes: Statuses, withoutScopes: Statuses][] =
  [
    ['POST /events', ['granted-publish', 'granted-everyone'], [200, 400], [403, 403]],
    ['POST /events', ['granted-subscribe', 'granted-read', ...none], [403, 400], [403, 403]],
    ['POST /events', [APP], [403, 400], [403, 403]],
    ['GET /events', ['granted-read', 'granted-everyone'], [200, 400], [403, 403]],
    ['GET /events', ['granted-publish', 'granted-subscribe', ...none], [403, 400], [403, 403]],
    ['GET /events', [APP], [ttdAlone(200), 400], [403, 403]],
    ['POST /subscriptions', ['granted-subscribe', 'granted-everyone'], [201, 400], [403, 400]],
    [
      'POST /subscriptions',
      ['granted-publish', 'granted-read', ...none],
      [noSubject, 400],
      [403, 400],
    ],
    ['preview', ['granted-subscribe', 'granted-everyone'], [200, 400], [403, 400]],
    ['preview', ['granted-publish', 'granted-read', ...none], [noSubject, 400], [403, 400]],
    [
      'POST /subscriptions',
      [APP],
      [[201, ...noSubject.slice(1)], 400],
      [[201, ...noSubject.slice(1)], 400],
    ],
    ['subscribers', ['granted-read'], [200, 400], [200, 400]],
    ['subscribers', ['granted-everyone'], [200, 400], [403, 400]],
    ['subscribers', ['granted-publish', 'granted-subscribe', ...none], [403, 400], [403, 400]],
    ['subscribers', [APP], [ttdAlone(200), 400], [ttdAlone(200), 400]],
    ['GET /events/{id}', ['granted-read'], [404, 400], [404, 400]],
    ['GET /events/{id}', ['granted-everyone'], [404, 400], [403, 400]],
    ['GET /events/{id}', ['granted-publish', 'granted-subscribe', ...none], [403, 400], [403, 400]],
    ['GET /events/{id}', [APP], [ttdAlone(404), 400], [ttdAlone(404), 400]],
  ]

/** With a platform access token, whatever the Altinn token: an app's own resource, and by the grants of that caller. */
const byPlatformToken: [app: string, resource: string, statuses: Statuses][] = [
  ['ttd/apps-test', APP, [200, 400]],
  ['ttd/other', APP, [403, 400]],
  ['skd/apps-test', APP, [403, 400]],
  ['ttd/apps-test', 'granted-publish', [200, 400]],
  ['ttd/apps-test', 'granted-none', [403, 400]],
]

const statusFor = (kind: Kind, [six, nobody]: Statuses): number => {
  const place = kinds.indexOf(kind)
  if (place < 3) return 401
  return kind === 'nobody' ? nobody : typeof six === 'number' ? six : (six[place - 3] ?? 0)
}

/** Each kind of token with these scopes; those that are none stay what they are. */
async function tokensWith(scope: string, { tokens }: AccessFixture) {
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

/** The whole table as attacks. */
export async function grantAttacks(fixture: AccessFixture): Promise<Attack[]> {
  const { app, newEndpoint } = fixture
  const [scoped, unscoped] = await Promise.all([
    tokensWith(SCOPES, fixture),
    tokensWith('', fixture),
  ])
  const event = (resource: string) => {
    const id = crypto.randomUUID()
    return { specversion: '1.0', id, source: '/a', type: 'a', resource }
  }
  const get = (path: string, token: string | undefined) =>
    fetch(
      app.api + path,
      token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
    )
  const ask: Record<Route, (resource: string, token: string | undefined) => Promise<Response>> = {
    'POST /events': (resource, token) => createGenericClient(app, token).publish(event(resource)),
    'GET /events': (resource, token) => get(`/events?resource=${resource}&after=0`, token),
    'POST /subscriptions': (resourceFilter, token) =>
      createSubscriptionsClient(app, token).call('POST', '', {
        endPoint: newEndpoint(),
        resourceFilter,
      }),
    preview: (resourceFilter, token) =>
      createSubscriptionsClient(app, token).call('POST', '/preview', { resourceFilter }),
    subscribers: (resource, token) => get(`/resources/${resource}/subscriptions`, token),
    'GET /events/{id}': (resource, token) => get(`/events/unknown?resource=${resource}`, token),
  }
  const cells = table.flatMap(([route, resources, withScopes, withoutScopes]) =>
    resources.flatMap((resource) =>
      kinds.flatMap((kind) => [
        { route, resource, kind, has: 'both scopes', tokens: scoped, statuses: withScopes },
        { route, resource, kind, has: 'no scope', tokens: unscoped, statuses: withoutScopes },
      ]),
    ),
  )
  const publishing = byPlatformToken.flatMap(([name, resource, statuses]) =>
    kinds.flatMap((kind) =>
      [scoped, unscoped].map((tokens) => ({ name, resource, kind, tokens, statuses })),
    ),
  )
  return [
    ...cells.map(({ route, resource, kind, has, tokens, statuses }) =>
      attack('route', `${route} of ${resource}, ${kind}, ${has}`, statusFor(kind, statuses), () =>
        statusOf(ask[route](urn(resource), tokens.get(kind))),
      ),
    ),
    ...publishing.map(({ name, resource, kind, tokens, statuses }) => {
      const has = tokens === scoped ? 'both scopes' : 'no scope'
      const what = `POST /events of ${resource} by ${name}, ${kind}, ${has}`
      return attack('route', what, statusFor(kind, statuses), async () => {
        const [org = '', own = ''] = name.split('/')
        const platform = await platformToken(setting('TEST_ISSUER'), org, own, 3600)
        const client = createGenericClient(app, tokens.get(kind), platform)
        return statusOf(client.publish(event(urn(resource))))
      })
    }),
  ]
}
