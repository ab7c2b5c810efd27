import { createSubscriptionsClient, minutesAgo } from '../support/subscriber.ts'
import { kinds, OWN, type AccessFixture, type Kind } from './access-fixture.ts'
import { attack, statusOf, type Attack } from './attack.ts'

const event = '019b0000-0000-7000-8000-000000000000'

// The statuses of each route by kind of token, in the order of `kinds`. `{id}` is a subscription of ttd.
const OWNERS_ONLY = (status: number) => [401, 401, 401, status, 403, 403, 403, 403, 403, 400]
type RouteRow = [method: string, path: string, body: object | undefined, statuses: number[]]
const routes: RouteRow[] = [
  ['GET', '', undefined, [401, 401, 401, 200, 200, 200, 200, 200, 200, 400]],
  ['POST', '', { resourceFilter: OWN }, [401, 401, 401, 201, 403, 400, 400, 400, 400, 400]],
  ['POST', '/preview', { resourceFilter: OWN }, [401, 401, 401, 200, 403, 400, 400, 400, 400, 400]],
  ['GET', '/{id}', undefined, OWNERS_ONLY(200)],
  ['POST', '/{id}/secret', undefined, OWNERS_ONLY(200)],
  ['POST', '/{id}/pause', undefined, OWNERS_ONLY(200)],
  ['POST', '/{id}/resume', undefined, OWNERS_ONLY(200)],
  ['GET', '/{id}/deliveries', undefined, OWNERS_ONLY(200)],
  ['GET', `/{id}/deliveries/${event}`, undefined, OWNERS_ONLY(404)],
  ['GET', '/{id}/statistics', undefined, OWNERS_ONLY(200)],
  ['POST', `/{id}/deliveries/${event}/retry`, undefined, OWNERS_ONLY(404)],
  ['GET', '/{id}/replay', undefined, OWNERS_ONLY(404)],
  ['POST', '/{id}/replay', { only: 'dead', from: minutesAgo(1) }, OWNERS_ONLY(202)],
  ['POST', '/{id}/replay/preview', { only: 'all', from: minutesAgo(1) }, OWNERS_ONLY(200)],
  ['DELETE', '/{id}/replay', undefined, OWNERS_ONLY(200)], // of the one before, whose first page has not run
  ['DELETE', '/{id}', undefined, OWNERS_ONLY(200)],
  ['PUT', '/validate/{id}', undefined, kinds.map(() => 404)], // of the original; the app validates by itself
  ...['', '/{id}', '/{id}/deliveries', '/{id}/replay'].map((path): RouteRow => [
    'HEAD',
    path,
    undefined,
    kinds.map(() => 404), // as the host answers a method that a route does not have
  ]),
]

/** The routes of the subscriptions, as docs/openapi.yaml names them. */
export const subscriptionRoutes = routes.map(
  ([method, path]) => `${method} /subscriptions${path.replace(event, '{event}')}`,
)

/** Attacks on every route with every kind of token. Successful requests come last, the owner's DELETE at the end. */
export async function routeAttacks({ app, tokens, newEndpoint }: AccessFixture): Promise<Attack[]> {
  const { id } = await createSubscriptionsClient(app, tokens.ttd).subscribed({
    endPoint: newEndpoint(),
    resourceFilter: OWN,
  })
  const send = (kind: Kind, method: string, path: string, body: object | undefined) =>
    createSubscriptionsClient(app, tokens[kind]).call(
      method,
      path.replace('{id}', String(id)),
      path === '' && body !== undefined ? { endPoint: newEndpoint(), ...body } : body,
    )
  const rows = routes.flatMap(([method, path, body, statuses]) =>
    kinds.map((kind, index) => ({ method, path, body, kind, status: statuses[index] ?? 0 })),
  )
  return rows
    .toSorted((a, b) => Number(a.status < 400) - Number(b.status < 400))
    .map(({ method, path, body, kind, status }) =>
      attack('route', `${method} /subscriptions${path}, ${kind}`, status, () =>
        method === 'PUT' || method === 'HEAD'
          ? plainStatus(send(kind, method, path, body))
          : statusOf(send(kind, method, path, body)),
      ),
    )
}

/** Returns the status of an answer of the host, which has no problem. */
const plainStatus = async (answer: Promise<Response>): Promise<number> => (await answer).status
