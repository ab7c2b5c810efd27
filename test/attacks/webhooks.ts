import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { Behaviour } from '../../local/receiver.ts'
import type { SubscriptionDocument, Tombstone } from '../../shared/subscriptions/subscription.ts'
import { eventuallyByApi, type Subscription } from '../support/subscriber.ts'
import { attack, statusOf, type Attack } from './attack.ts'
import { CLOSED, rawAnswers, TIMEOUT } from './raw-answers.ts'
import { leakAttacks } from './secrets.ts'
import type { WebhookFixture } from './webhook-fixture.ts'

const RESOURCE = 'urn:altinn:resource:app_ttd_apps-test'
const INDEX_MS = 3100 // until the index has every subscription

const address = (what: string) => `address: the host's address is ${what}`
const PRIVATE_ADDRESS = address(
  'a private or reserved address, which must be in WEBHOOK_ALLOWED_NETWORKS to be allowed',
)
const NEVER_ALLOWED = address("an address of the cloud's own services, which is never allowed")
const HTTP_NOT_ALLOWED = address('not in WEBHOOK_ALLOWED_NETWORKS, and only there http is allowed')

const redirectTo = (status: number, location: string): Behaviour => ({
  status,
  headers: { location },
})
const METADATA = 'http://169.254.169.254/metadata/identity/oauth2/token'
const megabyte = gzipSync(Buffer.alloc(1_000_000, '.'))
const bomb = Buffer.concat(Array.from({ length: 50 }, () => megabyte)) // a file of gzip may have many members

/** Answers of a receiver to an event, and the recorded outcome. `inside` is an address that must not be reached. */
const answers: [what: string, expected: string, behaviour: (inside: string) => Behaviour][] = [
  ['answers 200', 'answered 200', () => ({})],
  ['redirects to metadata', 'answered 302', () => redirectTo(302, METADATA)],
  ['redirects to metadata, keeping the method', 'answered 307', () => redirectTo(307, METADATA)],
  ['redirects inside', 'answered 301', (inside) => redirectTo(301, inside)],
  ['redirects inside, keeping the method', 'answered 308', (inside) => redirectTo(308, inside)],
  ['redirects to a file', 'answered 303', () => redirectTo(303, 'file:///etc/passwd')],
  [
    'names another address in a 200',
    'answered 200',
    (inside) => ({
      headers: { location: inside, refresh: `0; url=${inside}`, 'alt-svc': 'h2="127.0.0.3:443"' },
    }),
  ],
  [
    'asks for the proxy inside',
    'answered 407',
    () => ({ status: 407, headers: { 'proxy-authenticate': 'Basic' } }),
  ],
  ['hangs', TIMEOUT, () => ({ does: 'hang' })],
  ['sends its body a byte at a time', 'answered 200', () => ({ does: 'drip' })],
  ['never ends its answer', 'answered 200, 4096 characters kept', () => ({ does: 'endless' })],
  [
    'answers 5 MB',
    'answered 500, 4096 characters kept',
    () => ({ status: 500, body: Buffer.alloc(5_000_000, '.') }),
  ],
  [
    'answers a gzip bomb of 50 MB',
    'answered 200',
    () => ({ headers: { 'content-encoding': 'gzip' }, body: bomb }),
  ],
  [
    'answers with headers of 60 KB',
    'other: the headers of the answer are too large',
    () => ({ headers: { flood: 'a'.repeat(60_000) } }),
  ],
  ['resets the connection', CLOSED, () => ({ does: 'reset' })],
]

const OK = '127.0.0.2'
const INSIDE = '127.0.0.3'

/** Names, the addresses of each look-up in turn, and the outcome of the validation. The first look-up is the registration's. */
const rebindings: [
  what: string,
  expected: string,
  scheme: 'http' | 'https',
  ...lookups: string[][],
][] = [
  ['keeps its address', 'validated', 'http', [OK]],
  ['moves inside before it is validated', PRIVATE_ADDRESS, 'http', [OK], [INSIDE]],
  ['is public, then inside', PRIVATE_ADDRESS, 'https', ['8.8.8.8'], [INSIDE]],
  ['is public, then metadata', NEVER_ALLOWED, 'https', ['8.8.8.8'], ['169.254.169.254']],
  ["is public, then Azure's wire server", NEVER_ALLOWED, 'https', ['8.8.8.8'], ['168.63.129.16']],
  ['gets an address inside beside its own', PRIVATE_ADDRESS, 'http', [OK], [OK, INSIDE]],
  ['gets loopback in IPv6', PRIVATE_ADDRESS, 'http', [OK], ['::1']],
  ['gets the mapped form of inside', PRIVATE_ADDRESS, 'http', [OK], ['::ffff:7f00:3']],
  ['gets metadata behind NAT64', NEVER_ALLOWED, 'http', [OK], ['64:ff9b::a9fe:a9fe']],
  ['gets a public address, though it is http', HTTP_NOT_ALLOWED, 'http', [OK], ['8.8.8.8']],
  ['has no address in the end', 'dns: the host name cannot be resolved', 'http', [OK], []],
]

/** Names that are refused at the registration. */
const refusedNames: [what: string, ...lookups: string[][]][] = [
  ['is inside', [INSIDE]],
  ['has one of 20 addresses inside', [...Array.from({ length: 19 }, () => OK), INSIDE]],
  ['has no address', []],
  ['is metadata in IPv6', ['fd00:ec2::254']],
  ['has a name server that does not answer'],
]

/** Attacks by subscribers. All subscribe at once and receive the same event. */
export async function webhookAttacks(fixture: WebhookFixture): Promise<Attack[]> {
  const { app, outside, inside, client } = fixture
  const subscribe = (endPoint: string) => client.subscribe({ endPoint, resourceFilter: RESOURCE })
  const [receiverSubscriptions, rawSubscriptions, reboundSubscription, namedSubscriptions] =
    await Promise.all([
      Promise.all(
        answers.map(([, , behaviour], index) => {
          outside.behave(behaviour(inside.url), `/${index}`)
          return subscribe(`${outside.url}/${index}`)
        }),
      ),
      Promise.all(rawAnswers.map(async ([, , serve]) => subscribe(await fixture.rawServer(serve)))),
      registerRebinding(fixture),
      Promise.all(
        rebindings.map(([, , scheme, ...lookups], index) =>
          register(fixture, `name-${index}.test`, lookups, scheme),
        ),
      ),
    ])
  await allValidated(fixture, [...receiverSubscriptions, ...rawSubscriptions])
  await sleep(INDEX_MS)
  const published = (await app.publish()).status

  return [
    attack('webhook', 'the event that all receive', 201, async () => published),
    ...answers.map(([what, expected], index) =>
      attack('webhook', what, expected, () => attemptAt(fixture, receiverSubscriptions[index])),
    ),
    ...rawAnswers.map(([what, expected], index) =>
      attack('webhook', what, expected, () => attemptAt(fixture, rawSubscriptions[index])),
    ),
    attack('name', 'moves inside after it was validated', PRIVATE_ADDRESS, () =>
      attemptAt(fixture, reboundSubscription),
    ),
    ...rebindings.map(([what, expected], index) =>
      attack('name', what, expected, () => validationOf(fixture, namedSubscriptions[index])),
    ),
    ...refusedNames.map(([what, ...lookups], index) =>
      attack('name', what, 400, () =>
        statusOf(requestSubscription(fixture, `refused-${index}.test`, lookups, 'http')),
      ),
    ),
    attack('inside', 'connections that reached it', 0, async () => inside.connections),
    attack('inside', 'internal details that subscribers see', 'nothing', () =>
      leakedDetails(fixture, [
        ...receiverSubscriptions,
        ...rawSubscriptions,
        reboundSubscription,
        ...namedSubscriptions,
      ]),
    ),
    ...leakAttacks('inside', app, [...fixture.tokens, ...(await secretsOf(fixture))]),
    attack('webhook', 'the app after all of these', 201, async () => (await app.publish()).status),
  ]
}

/** Returns the keys that sign the webhooks. */
async function secretsOf({ stores }: WebhookFixture): Promise<string[]> {
  const documents = await stores.documents<SubscriptionDocument | Tombstone>('subscriptions')
  return documents.flatMap((each) => ('secrets' in each ? each.secrets.map(({ key }) => key) : []))
}

/** Requests a subscription with a host name and the addresses of its look-ups in turn; without any, nothing answers. */
function requestSubscription(
  { names, outside, client }: WebhookFixture,
  name: string,
  lookups: string[][],
  scheme: string,
) {
  if (lookups.length > 0) names.zone.set(name, lookups)
  const endPoint = `${scheme}://${name}:${outside.port}/${name}`
  return client.call('POST', '', { endPoint, resourceFilter: RESOURCE })
}

async function register(...request: Parameters<typeof requestSubscription>): Promise<Subscription> {
  const answer = await requestSubscription(...request)
  const text = await answer.text()
  if (answer.status !== 201) throw new Error(`${answer.status} ${text}`)
  return Object(JSON.parse(text))
}

/** Subscribes a name that moves inside after its validation, and whose connection is not kept alive. */
async function registerRebinding(fixture: WebhookFixture): Promise<Subscription> {
  fixture.outside.behave({ headers: { connection: 'close' }, validationToo: true }, '/rebound.test')
  const { id } = await register(fixture, 'rebound.test', [[OK]], 'http')
  const validated = await fixture.client.validated(id)
  fixture.names.zone.set('rebound.test', [[INSIDE]])
  return validated
}

/** Waits until the endpoints of all of them have answered the validation event. */
const allValidated = ({ client }: WebhookFixture, made: Subscription[]): Promise<boolean> =>
  eventuallyByApi('all are validated', async () => {
    const { subscriptions }: { subscriptions: Subscription[] } = await client.requestJson(
      200,
      'GET',
      '?size=100',
    )
    const validated = new Set(subscriptions.filter((each) => each.validated).map(({ id }) => id))
    return made.every(({ id }) => validated.has(id))
  })

/** Waits for the first attempt to deliver to a subscription. Returns its recorded outcome. */
async function attemptAt(
  { client }: WebhookFixture,
  subscription: Subscription | undefined,
): Promise<string> {
  const attempt = await eventuallyByApi(
    'an attempt',
    async () => (await client.deliveries(subscription?.id ?? 0)).deliveries[0]?.attempts[0],
  )
  const kept = /^\.{4096}$/.test(attempt.answer ?? '') ? ', 4096 characters kept' : ''
  return attempt.failure ?? `answered ${attempt.status}${kept}`
}

async function validationOf(
  { client }: WebhookFixture,
  subscription: Subscription | undefined,
): Promise<string> {
  return eventuallyByApi('a validation', async () => {
    const { validated, validationFailure } = await client.read(subscription?.id ?? 0)
    return validated ? 'validated' : validationFailure?.reason
  })
}

/** Returns the internal addresses and files that subscribers can see in their subscriptions and deliveries, or `nothing`. */
async function leakedDetails(
  { client }: WebhookFixture,
  subscriptions: Subscription[],
): Promise<string> {
  const pages = subscriptions.map(({ id }) => client.deliveries(id))
  const all = [await client.requestJson(200, 'GET', '?size=100'), ...(await Promise.all(pages))]
  const texts = all.map((json) => JSON.stringify(json))
  const secrets = [INSIDE, '169.254.', '168.63.', '::ffff', 'node_modules', 'main.cjs']
  const visible = secrets.filter((secret) => texts.some((text) => text.includes(secret)))
  return visible.length === 0 ? 'nothing' : visible.join(', ')
}
