import { tokensOf } from '../support/app.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { callerClaims, createSubscriptionsClient, mintToken } from '../support/subscriber.ts'
import type { AccessFixture } from './access-fixture.ts'
import { attack, statusOf, type Attack } from './attack.ts'

// Who gets in with which tokens: the grants of the fixture are `skd-*` for /org/skd, and `open` for anyone.
const PUBLISH = 'altinn:events.publish'
const ADMIN = `${PUBLISH}.admin`
const SUBSCRIBE = 'altinn:events.subscribe'
const urn = (name: string) => `urn:altinn:resource:${name}`

type Caller = [org: string, scope: string, app?: string]
const publishing: [who: Caller | 'nobody', resource: string, status: number][] = [
  ['nobody', urn('skd-broker'), 401],
  [['skd', ''], urn('skd-broker'), 403],
  [['skd', 'altinn:events.publishx'], urn('skd-broker'), 403],
  [['skd', `x${PUBLISH}`], urn('skd-broker'), 403],
  [['skd', SUBSCRIBE], urn('skd-broker'), 403],
  [['skd', ADMIN], urn('skd-broker'), 403], // it counts beside the other scope
  [['skd', PUBLISH], urn('skd-broker'), 200],
  [['skd', `openid ${PUBLISH.toUpperCase()}`], urn('skd-'), 200],
  [['skd', PUBLISH], urn('skd'), 403], // the pattern is skd-*
  [['skd', PUBLISH], urn('xskd-broker'), 403],
  [['ttd', PUBLISH], urn('skd-broker'), 403],
  [['ttd', PUBLISH], urn('open'), 200],
  [['ttd', PUBLISH], urn('open2'), 403],
  [['ttd', `${PUBLISH} ${ADMIN}`], urn('nav-anything'), 200],
  [['ttd', `${PUBLISH} ${ADMIN}`], urn('app_ttd_apps-test'), 403], // an app's, only by its app
  [['ttd', PUBLISH], urn('app_ttd_apps-test'), 403],
  [['ttd', '', 'apps-test'], urn('app_ttd_apps-test'), 200],
  [['ttd', '', 'apps-test'], urn('app_ttd_apps-test2'), 403],
  [['ttd', '', 'apps-test'], urn('app_skd_apps-test'), 403],
  [['ttd', '', 'apps-test'], urn('skd-broker'), 403],
  [['ttd', `${PUBLISH} ${ADMIN}`, 'apps-test'], urn('app_ttd_other'), 403],
  [['skd', PUBLISH, 'forged'], urn('skd-broker'), 403],
]

const OWN_PARTY = '/party/50019855'
const reading: [who: object | undefined, query: string, status: number][] = [
  [undefined, `resource=${urn('skd-broker')}&after=0`, 401],
  [scoped('skd', ''), `resource=${urn('skd-broker')}&after=0`, 403],
  [scoped('skd', PUBLISH), `resource=${urn('skd-broker')}&after=0`, 403],
  [scoped('skd', SUBSCRIBE), `resource=${urn('skd-broker')}&after=0`, 200],
  [scoped('skd', SUBSCRIBE), `resource=${urn('skd')}&after=0`, 403],
  [scoped('ttd', SUBSCRIBE), `resource=${urn('skd-broker')}&after=0`, 403],
  [scoped('ttd', SUBSCRIBE), `resource=${urn('app_ttd_apps-test')}&after=0`, 200],
  [scoped('ttd', SUBSCRIBE), `resource=${urn('app_skd_apps-test')}&after=0`, 403],
  [scoped('ttd', SUBSCRIBE), `resource=${urn('app_ttd')}&after=0`, 403],
  [
    scoped('ttd', SUBSCRIBE),
    `resource=${urn('skd-broker')}&resource=${urn('app_ttd_a')}&after=0`,
    403,
  ],
  [{ ...callerClaims.user, scope: SUBSCRIBE }, `resource=${urn('x')}&after=0`, 403],
  [
    { ...callerClaims.user, scope: SUBSCRIBE },
    `resource=${urn('x')}&after=0&subject=${OWN_PARTY}`,
    200,
  ],
  [
    { ...callerClaims.user, scope: SUBSCRIBE },
    `resource=${urn('x')}&after=0&subject=/party/1`,
    403,
  ],
  [callerClaims.nobody, `resource=${urn('x')}&after=0`, 400],
]

const subscribing: [who: object, filters: object, status: number][] = [
  [scoped('skd', SUBSCRIBE), { resourceFilter: urn('skd-broker') }, 201],
  [scoped('skd', ''), { resourceFilter: urn('skd-broker') }, 403],
  [scoped('ttd', SUBSCRIBE), { resourceFilter: urn('skd-broker') }, 403],
  [scoped('skd', ''), { resourceFilter: urn('app_ttd_shared') }, 201], // granted, across organisations
  [scoped('skd', SUBSCRIBE), { resourceFilter: urn('app_ttd_shared2') }, 403],
  [{ ...callerClaims.user, scope: SUBSCRIBE }, { resourceFilter: urn('x') }, 400],
  [
    { ...callerClaims.user, scope: SUBSCRIBE },
    { resourceFilter: urn('x'), subjectFilter: '/party/1' },
    403,
  ],
  [
    { ...callerClaims.user, scope: SUBSCRIBE },
    { resourceFilter: urn('x'), subjectFilter: OWN_PARTY },
    201,
  ],
]

function scoped(org: 'ttd' | 'skd', scope: string) {
  return { ...callerClaims[org], scope }
}

/** Every attack on generic events: what a token, a scope and a grant open, and what they do not. */
export function genericAttacks({ stores, app, newEndpoint }: AccessFixture): Attack[] {
  const countStored = async () => (await stores.documents('events')).length
  let before: number | undefined
  const publish = async (who: Caller | 'nobody', resource: string) => {
    const [org, scope, name] = who === 'nobody' ? ['skd', ''] : who
    const claims = { ...callerClaims.ttd, 'urn:altinn:org': org, scope }
    const token = who === 'nobody' ? undefined : await mintToken(claims)
    const event = { specversion: '1.0', id: crypto.randomUUID(), source: '/a', type: 'a', resource }
    before ??= await countStored()
    const client = createGenericClient(app, token, name && (await platformTokenOf(org, name)))
    const status = await statusOf(client.publish(event))
    const after = await countStored()
    const stored = after - before
    before = after // nobody else publishes in between
    return stored === Number(status === 200) ? status : `${status}, ${stored} stored`
  }
  const clientOf = async (who: object | undefined) => who && mintToken(who)
  return [
    ...publishing.map(([who, resource, status]) =>
      attack('route', `POST /events, ${String(who)}: ${resource}`, status, () =>
        publish(who, resource),
      ),
    ),
    ...reading.map(([who, query, status]) =>
      attack('route', `GET /events?${query}, ${nameOf(who)}`, status, async () =>
        statusOf(createGenericClient(app, await clientOf(who)).read(query)),
      ),
    ),
    ...subscribing.map(([who, filters, status]) =>
      attack(
        'route',
        `POST /subscriptions, ${JSON.stringify(filters)}, ${nameOf(who)}`,
        status,
        async () => {
          const client = createSubscriptionsClient(app, await clientOf(who))
          return statusOf(client.call('POST', '', { endPoint: newEndpoint(), ...filters }))
        },
      ),
    ),
  ]
}

const platformTokenOf = async (org: string, name: string): Promise<string> =>
  name === 'forged' ? 'a.b.c' : (await tokensOf(org, name))[1]

function nameOf(who: object | undefined): string {
  if (who === undefined) return 'nobody'
  const { 'urn:altinn:org': org = 'no org', scope }: Record<string, unknown> = { ...who }
  return `${JSON.stringify(org)} ${JSON.stringify(scope)}`
}
