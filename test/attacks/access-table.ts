import { kinds, type Kind } from './access-fixture.ts'

// Every route about a resource × what is granted about it × what the token has; once by grants, once by a policy decision point.

export type Route =
  | 'POST /events'
  | 'GET /events'
  | 'GET /events/{id}'
  | 'GET /app/{org}/{app}'
  | 'GET /app/{org}/{app}/{id}'
  | 'GET /app/party'
  | 'POST /subscriptions'
  | 'POST /subscriptions/preview'
  | 'GET /resources'
  | 'GET /resources/{resource}/activity'
  | 'GET /resources/{resource}/subscriptions'

/** The statuses for ttd, skd, user, otherUser, systemUser and organisation, and for who has no consumer; others are 401. */
export type Statuses = [six: number | number[], nobody: number]
type Expected = [withScopes: Statuses, withoutScopes: Statuses]

const APP = 'app_ttd_apps-test'
const none = ['granted-another', 'granted-none']

const all = (status: number): Statuses => [status, 400]
const same = (status: number): Expected => [all(status), all(status)]
const refused = same(403)
const ttdAlone = (status: number): Statuses => [[status, 403, 403, 403, 403, 403], 400]
const noSubject: Statuses = [[403, 403, 400, 400, 400, 400], 400] // of their own
/** Of generic resources, for which the scope is needed: it is looked for before or after the consumer. */
const scoped = (withScope: Statuses, nobody: 403 | 400): Expected => [withScope, [403, nobody]]

/** For the app's own org alone, by its token. */
const own = (status: number): Expected => [ttdAlone(status), ttdAlone(status)]
const ownSubscription: Statuses = [[201, 403, 400, 400, 400, 400], 400]
const ownPreview: Statuses = [[200, 403, 400, 400, 400, 400], 400]

const isSubscribing = [
  ['POST /subscriptions', 201, ownSubscription],
  ['POST /subscriptions/preview', 200, ownPreview],
] as const
const isInspecting = [
  'GET /events/{id}',
  'GET /resources/{resource}/activity',
] as const satisfies Route[]

type Row = [route: Route, resources: string[], byGrants: Expected, byPolicy?: Expected]

/** A policy has no action `read` for generic resources, and no other than `read` for the events of apps (altinn-contract §8.2). */
const table: Row[] = [
  ['POST /events', ['granted-publish', 'granted-both', 'granted-everyone'], scoped(all(200), 403)],
  ['POST /events', ['granted-subscribe', 'granted-read', ...none, APP], scoped(all(403), 403)],
  ['POST /events', ['app_nav_granted-publish'], scoped(all(200), 403)],
  ['POST /events', ['app_nav_granted-read', 'app_nav_granted-subscribe'], scoped(all(403), 403)],

  ['GET /events', ['granted-everyone', 'app_nav_granted-read'], scoped(all(200), 403)],
  ['GET /events', ['granted-read'], scoped(all(200), 403), scoped(all(403), 403)],
  [
    'GET /events',
    ['granted-subscribe', 'granted-both'],
    scoped(all(403), 403),
    scoped(all(200), 403),
  ],
  ['GET /events', ['granted-publish', 'app_nav_granted-subscribe', ...none], scoped(all(403), 403)],
  ['GET /events', [APP], scoped(ttdAlone(200), 403)],

  ...isSubscribing.flatMap(([route, done, ofApp]): Row[] => [
    [route, ['granted-subscribe', 'granted-both', 'granted-everyone'], scoped(all(done), 400)],
    [route, ['granted-publish', 'granted-read', ...none], scoped(noSubject, 400)],
    [route, ['app_nav_granted-subscribe'], same(done), [noSubject, noSubject]],
    [route, ['app_nav_granted-read'], [noSubject, noSubject], same(done)],
    [route, [APP], [ofApp, ofApp]],
  ]),

  ['GET /resources/{resource}/subscriptions', ['granted-read'], same(200), refused],
  [
    'GET /resources/{resource}/subscriptions',
    ['granted-publish', 'granted-both'],
    refused,
    same(200),
  ],
  [
    'GET /resources/{resource}/subscriptions',
    ['granted-everyone'],
    scoped(all(200), 400),
    same(200),
  ],
  ['GET /resources/{resource}/subscriptions', ['granted-subscribe', ...none], refused],
  ['GET /resources/{resource}/subscriptions', [APP], own(200)],

  ...isInspecting.flatMap((route): Row[] => {
    const status = route === 'GET /events/{id}' ? 404 : 200 // there is no such event
    return [
      [route, ['granted-read'], same(status), refused],
      [route, ['granted-both'], refused, same(status)],
      [route, ['granted-everyone'], scoped(all(status), 400), same(status)],
      [route, ['granted-publish', 'granted-subscribe', ...none], refused],
      [route, [APP], own(status)],
    ]
  }),
  ['GET /app/{org}/{app}/{id}', ['app_nav_granted-read'], same(404), refused],
  ['GET /app/{org}/{app}/{id}', ['app_nav_granted-publish', 'app_nav_granted-subscribe'], refused],
  ['GET /app/{org}/{app}/{id}', [APP], own(404)],

  // No grant and no policy opens these.
  [
    'GET /app/{org}/{app}',
    ['app_nav_granted-read'],
    [
      [[403, 403, 401, 401, 401, 401], 401],
      [[403, 403, 401, 401, 401, 401], 401],
    ],
  ],
  [
    'GET /app/{org}/{app}',
    [APP],
    [
      [[200, 403, 401, 401, 401, 401], 401],
      [[200, 403, 401, 401, 401, 401], 401],
    ],
  ],
  [
    'GET /app/party',
    ['granted-everyone'],
    [
      [403, 403],
      [403, 403],
    ],
  ],
  [
    'GET /resources',
    ['granted-everyone'],
    [
      [[200, 200, 403, 403, 403, 403], 400],
      [[200, 200, 403, 403, 403, 403], 400],
    ],
  ],
]

/** With a platform access token, whatever the Altinn token: an app's own resource, and what that caller is permitted. */
export const byPlatformToken: [app: string, resource: string, statuses: Statuses][] = [
  ['ttd/apps-test', APP, all(200)],
  ['ttd/other', APP, all(403)],
  ['skd/apps-test', APP, all(403)],
  ['ttd/apps-test', 'granted-publish', all(200)],
  ['ttd/apps-test', 'granted-none', all(403)],
]

/** Returns the rows of the table by who decides. */
export const rowsBy = (
  decidedBy: 'grants' | 'policy',
): { route: Route; resources: string[]; expected: Expected }[] =>
  table.map(([route, resources, byGrants, byPolicy = byGrants]) => ({
    route,
    resources,
    expected: decidedBy === 'grants' ? byGrants : byPolicy,
  }))

/** Whether a kind of token is a token: what is none is refused, whatever is asked for. */
export const isValid = (kind: Kind): boolean => !['none', 'bad', 'expired'].includes(kind)

/** Returns the status for a kind of token. */
export function statusFor(kind: Kind, [six, nobody]: Statuses): number {
  if (!isValid(kind)) return 401
  if (kind === 'nobody') return nobody
  return typeof six === 'number' ? six : (six[kinds.filter(isValid).indexOf(kind)] ?? 0)
}

/** The routes of the table, as docs/openapi.yaml names them. */
export const decidedRoutes = [...new Set(table.map(([route]) => route))]
