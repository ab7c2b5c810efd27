import {
  createSubscriptionsClient,
  minutesAgo,
  callerClaims,
  mintToken,
} from '../support/subscriber.ts'
import { OWN, type AccessFixture } from './access-fixture.ts'
import { attack, statusOf, type Attack } from './attack.ts'

const event = '019b0000-0000-7000-8000-000000000000'
const subscriptionRoutes: [method: string, rest: string, body?: object][] = [
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/secret'],
  ['POST', '/pause'],
  ['POST', '/resume'],
  ['GET', '/deliveries'],
  ['GET', `/deliveries/${event}`],
  ['GET', '/statistics'],
  ['POST', `/deliveries/${event}/retry`],
  ['GET', '/replay'],
  ['POST', '/replay/preview', { only: 'all', from: minutesAgo(1) }],
  ['DELETE', '/replay'],
  ['POST', '/replay', { only: 'all', from: minutesAgo(1) }],
]
const invalidIds = ['0', '-1', '1e3', 'abc', '99999999999', '2147483648', '1.0', '%31%0a', '0x1']
const invalidEvents = [
  '0',
  event.toUpperCase(),
  `{${event}}`,
  `${event}%0a`,
  '..%2f..%2fsecret',
  '%25',
  "'",
]
const queries: [query: string, status: 200 | 400][] = [
  ['state=__proto__', 400],
  ["state=dead'%20OR%201=1", 400],
  ['state=constructor', 400],
  ['order=__proto__', 400],
  ['size=1e9', 400],
  ["order=newest&after='%20OR%20''='", 200],
  ["after='%20OR%20''='", 200], // a parameter of the query, so it finds only the caller's own
]
const claims: [what: string, claims: object, status: 201 | 400][] = [
  ['a user whose number is 0', { 'urn:altinn:userid': 0, 'urn:altinn:partyid': 0 }, 400],
  ['an org with a path', { 'urn:altinn:org': 'ttd/../skd' }, 400],
  ['an org that is a list', { 'urn:altinn:org': ['ttd'] }, 400],
  ['an org without a name', { 'urn:altinn:org': '' }, 400],
  ['a user that is an object', { 'urn:altinn:userid': { id: 1 } }, 400],
  [
    'a system user without an id',
    { authorization_details: [{ type: 'urn:altinn:systemuser' }] },
    400,
  ],
  [
    'details that are not a list',
    { authorization_details: { type: 'urn:altinn:systemuser' } },
    400,
  ],
]

/** Attacks by guessed ids, on the subscriptions of others, and with tokens that name nobody. */
export async function idEnumerationAttacks({
  app,
  tokens,
  newEndpoint,
}: AccessFixture): Promise<Attack[]> {
  const owner = createSubscriptionsClient(app, tokens.ttd)
  const { id } = await owner.subscribed({ endPoint: newEndpoint(), resourceFilter: OWN })
  const before = JSON.stringify(await owner.read(id))
  const callers = { ttd: owner, user: createSubscriptionsClient(app, tokens.user) }
  const other = createSubscriptionsClient(app, tokens.skd)
  return [
    ...invalidIds.flatMap((given) =>
      subscriptionRoutes.flatMap(([method, rest, body]) =>
        Object.entries(callers).map(([who, client]) =>
          attack('guess', `${who}: ${method} /subscriptions/${given}${rest}`, 404, () =>
            statusOf(client.call(method, `/${given}${rest}`, body)),
          ),
        ),
      ),
    ),
    ...invalidEvents.map((given) =>
      attack('guess', `ttd: POST /subscriptions/{id}/deliveries/${given}/retry`, 404, () =>
        statusOf(owner.call('POST', `/${id}/deliveries/${given}/retry`)),
      ),
    ),
    ...queries.map(([query, status]) =>
      attack('guess', `ttd: GET /subscriptions/{id}/deliveries?${query}`, status, () =>
        statusOf(owner.call('GET', `/${id}/deliveries?${query}`)),
      ),
    ),
    ...subscriptionRoutes.map(([method, rest, body]) =>
      attack('guess', `skd: ${method} /subscriptions/{id of ttd}${rest}`, 403, () =>
        statusOf(other.call(method, `/${id}${rest}`, body)),
      ),
    ),
    attack('guess', 'the subscription of ttd after all of these', 'unchanged', async () => {
      const now = JSON.stringify(await owner.read(id))
      return now === before ? 'unchanged' : now
    }),
    attack('guess', 'the subscriptions that skd can list', 'its own', async () => {
      const { subscriptions } = await other.requestJson(200, 'GET', '')
      return subscriptions.every(({ consumer }: { consumer: string }) => consumer === '/org/skd')
        ? 'its own'
        : JSON.stringify(subscriptions)
    }),
    ...claims.map(([what, given, status]) =>
      attack('claims', what, status, async () =>
        statusOf(
          createSubscriptionsClient(
            app,
            await mintToken({ ...callerClaims.nobody, ...given }),
          ).call('GET', ''),
        ),
      ),
    ),
  ]
}
