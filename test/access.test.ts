import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { startReceiver } from '../local/receiver.ts'
import { startApp } from './app.ts'
import { assertProblem, clientOf, minutesAgo, people, tokenOf } from './subscriber.ts'
import { createWorld } from './world.ts'

const [world, receiver] = await Promise.all([createWorld(), startReceiver()])
after(() => receiver.stop())
const functions = ['publish-event', 'health', 'create-subscription', 'list-subscriptions']
functions.push('read-subscription', 'delete-subscription', 'rotate-secret', 'list-deliveries')
functions.push('retry-one-delivery', 'start-replay', 'read-replay', 'validate-subscription')
const app = await startApp(world, { functions }) // nothing is delivered here
after(app.stop)

const OWN = 'urn:altinn:resource:app_ttd_apps-test'
const tokens = {
  none: undefined,
  bad: 'abc',
  expired: await tokenOf(people.ttd, -60),
  ttd: await tokenOf(people.ttd),
  skd: await tokenOf(people.skd),
  user: await tokenOf(people.user),
  otherUser: await tokenOf(people.otherUser),
  systemUser: await tokenOf(people.systemUser),
  organisation: await tokenOf(people.organisation),
  nobody: await tokenOf(people.nobody),
}
type Kind = keyof typeof tokens
const owner = clientOf(app, tokens.ttd)
let hooks = 0
const hook = () => `${receiver.url}/${hooks++}` // each asks for another subscription
const event = '019b0000-0000-7000-8000-000000000000'

// What each route answers to each kind of token, in this order; `{id}` is a subscription of ttd's.
const kinds: Kind[] = ['none', 'bad', 'expired', 'ttd', 'skd', 'user', 'otherUser']
kinds.push('systemUser', 'organisation', 'nobody')
const OWNERS_ONLY = (status: number) => [401, 401, 401, status, 403, 403, 403, 403, 403, 400]
const routes: [method: string, path: string, body: object | undefined, statuses: number[]][] = [
  ['GET', '', undefined, [401, 401, 401, 200, 200, 200, 200, 200, 200, 400]],
  ['POST', '', { resourceFilter: OWN }, [401, 401, 401, 201, 403, 400, 400, 400, 400, 400]],
  ['GET', '/{id}', undefined, OWNERS_ONLY(200)],
  ['POST', '/{id}/secret', undefined, OWNERS_ONLY(200)],
  ['GET', '/{id}/deliveries', undefined, OWNERS_ONLY(200)],
  ['POST', `/{id}/deliveries/${event}/retry`, undefined, OWNERS_ONLY(404)],
  ['GET', '/{id}/replay', undefined, OWNERS_ONLY(404)],
  ['POST', '/{id}/replay', { only: 'dead', from: minutesAgo(1) }, OWNERS_ONLY(202)],
  ['DELETE', '/{id}', undefined, OWNERS_ONLY(200)],
  ['PUT', '/validate/{id}', undefined, kinds.map(() => 404)], // not offered: it happens inside
]
const isGood = ([, status]: [Kind, number]) => status < 400
const bodyFor = (path: string, body: object | undefined) =>
  path === '' && body !== undefined ? { endPoint: hook(), ...body } : body

describe('every route answers every kind of token as it should', async () => {
  const { id } = await owner.subscribed({ endPoint: hook(), resourceFilter: OWN })
  for (const [method, path, body, statuses] of routes)
    test(`${method} /subscriptions${path}`, async () => {
      const ask = async (kind: Kind, expected: number) => {
        const to = path.replace('{id}', String(id))
        const answer = await clientOf(app, tokens[kind]).call(method, to, bodyFor(path, body))
        if (expected >= 400 && method !== 'PUT') return assertProblem(answer, expected)
        return assert.equal(answer.status, expected, `${kind}: ${await answer.text()}`)
      }
      const pairs = kinds.map((kind, place): [Kind, number] => [kind, statuses[place] ?? 0])
      const [good, refused] = [pairs.filter(isGood), pairs.filter((pair) => !isGood(pair))]
      for (const pair of [...refused, ...good]) await ask(...pair) // the owner's DELETE is the last
    })

  test('POST /app asks for a good token of any kind, and for a platform token besides', async () => {
    const expected = { none: 401, bad: 401, expired: 401 }
    for (const kind of kinds) {
      const token = tokens[kind]
      const answer = await app.publish(undefined, {
        Authorization: token === undefined ? undefined : `Bearer ${token}`,
      })
      const status = kind in expected ? 401 : 201
      assert.equal(answer.status, status, kind)
    }
  })

  test('GET /health asks for no token', async () => {
    const answers = kinds.map((kind) => {
      const token = tokens[kind]
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
      return fetch(`${app.api}/health`, { headers })
    })
    for (const answer of await Promise.all(answers)) assert.ok([200, 503].includes(answer.status))
  })
})

const routesOfOne: [method: string, rest: string, body?: object][] = [
  ['GET', ''],
  ['DELETE', ''],
  ['POST', '/secret'],
  ['GET', '/deliveries'],
  ['POST', `/deliveries/${event}/retry`],
  ['GET', '/replay'],
  ['POST', '/replay', { only: 'all', from: minutesAgo(1) }],
]
const oddIds = ['0', '-1', '1e3', 'abc', '99999999999', '2147483648', '1.0', '%31%00', '0x1']
for (const id of oddIds)
  test(`404 on every route of a subscription ${id}, whoever asks`, async () => {
    for (const [method, rest, body] of routesOfOne)
      for (const token of [tokens.ttd, tokens.user])
        await assertProblem(await clientOf(app, token).call(method, `/${id}${rest}`, body), 404)
  })

test("another's subscription is not in one's list, and stays as it is", async () => {
  const { id } = await owner.subscribed({ endPoint: hook(), resourceFilter: OWN })
  const before = await owner.read(id)
  const other = clientOf(app, tokens.skd)
  for (const [method, rest, body] of routesOfOne)
    await assertProblem(await other.call(method, `/${id}${rest}`, body), 403)
  assert.deepEqual(await owner.read(id), before)
  const { subscriptions } = await other.ask(200, 'GET', '')
  for (const each of subscriptions) assert.equal(each.consumer, '/org/skd')
})

// What each may subscribe to; everything else is refused.
const SKD = 'urn:altinn:resource:app_skd_melding'
const source = (org: string, name: string) => ({
  sourceFilter: `https://${org}.apps.altinn.no/${org}/${name}`,
})
const of = (resourceFilter: string, more: object = {}) => ({ resourceFilter, ...more })
const subject = (subjectFilter: string) => of(SKD, { subjectFilter })
const alternative = (alternativeSubjectFilter: string) => of(SKD, { alternativeSubjectFilter })
const about = 'A valid subject to the authenticated identity is required'
const not = (resource: string) => `Not authorized to create a subscription for resource ${resource}`
type Row = [who: Kind, what: string, filters: object, status: 201 | 400 | 403, detail?: string]
const wishes: Row[] = [
  ['ttd', 'its own app', of(OWN), 201],
  ['ttd', 'its own app in capitals', of(OWN.toUpperCase().replace('URN', 'urn')), 201],
  ['ttd', 'its own app by source', source('ttd', 'app'), 201],
  ['ttd', 'its own app and a party', of(OWN, { subjectFilter: '/party/1' }), 201],
  ['ttd', "another's app", of(SKD), 403, not(SKD)],
  ['ttd', "another's app by source", source('skd', 'melding'), 403, not(SKD)],
  [
    'ttd',
    "another's app on its own host",
    { sourceFilter: 'https://ttd.apps.altinn.no/skd/x' },
    403,
  ],
  ['ttd', 'an app of an org whose name begins alike', of('urn:altinn:resource:app_ttd2_x'), 403],
  ['ttd', 'an app of an org whose name begins it', of('urn:altinn:resource:app_tt_x'), 403],
  ['ttd', 'all of its apps', of('urn:altinn:resource:app_ttd'), 403],
  ['ttd', 'its app after something else', of('urn:x:urn:altinn:resource:app_ttd_x'), 403],
  ['ttd', 'a resource that is no app', of('urn:altinn:resource:ttd'), 403],
  ['ttd', 'a party', subject('/party/50019855'), 403, not(SKD)],
  ['ttd', 'itself elsewhere', alternative('/organisation/991825827'), 201],
  ['ttd', 'itself elsewhere, as clients write it', alternative('/org/991825827'), 201],
  ['ttd', 'another organisation elsewhere', alternative('/organisation/991825828'), 403],
  ['skd', "another's app", of(OWN), 403, not(OWN)],
  ['user', 'its party', subject('/party/50019855'), 201],
  ['user', 'itself as a person', alternative('/person/01017512345'), 201],
  [
    'user',
    'its party, one type',
    of(OWN, { subjectFilter: '/party/50019855', typeFilter: 't' }),
    201,
  ],
  ['user', 'its party by source', { ...source('skd', 'm'), subjectFilter: '/party/50019855' }, 201],
  ['user', 'another party', subject('/party/50019856'), 403, not(SKD)],
  ['user', 'a party whose number begins alike', subject('/party/500198551'), 403],
  ['user', 'its party with a slash', subject('/party/50019855/'), 403],
  ['user', 'its party in capitals', subject('/PARTY/50019855'), 403],
  ['user', 'another person', alternative('/person/02017512345'), 403],
  ['user', 'an organisation', alternative('/organisation/991825827'), 403],
  ['user', 'an app as a whole', of(OWN), 400, about],
  ['user', 'a type of an app', of(OWN, { typeFilter: 'app.instance.created' }), 400, about],
  ['systemUser', 'its organisation', alternative('/organisation/312345678'), 201],
  ['systemUser', 'its organisation, as clients write it', alternative('/org/312345678'), 201],
  ['systemUser', 'another organisation', alternative('/organisation/991825827'), 403],
  ['systemUser', 'an app as a whole', of(OWN), 400, about],
  ['organisation', 'itself', alternative('/organisation/912345678'), 201],
  ['organisation', 'itself, as clients write it', alternative('/org/912345678'), 201],
  ['organisation', 'another organisation', alternative('/org/312345678'), 403],
  ['organisation', 'a party', subject('/party/912345678'), 403],
  ['organisation', 'an app as a whole', of(OWN), 400, about],
  ['nobody', 'an app', of(OWN), 400, 'Missing event consumer'],
  ['nobody', 'a party', subject('/party/50019855'), 400, 'Missing event consumer'],
]
describe('who may subscribe to what', { concurrency: 4 }, () => {
  for (const [who, what, filters, status, detail] of wishes)
    test(`${who}, ${what}: ${status}`, async () => {
      const answer = await clientOf(app, tokens[who]).call('POST', '', {
        endPoint: hook(),
        ...filters,
      })
      if (status === 201) return assert.equal(answer.status, 201, await answer.text())
      const said = await assertProblem(answer, status)
      if (detail !== undefined) assert.equal(said, detail)
    })
})

const claims: [what: string, claims: object, status: 201 | 400][] = [
  ['an org that is a path', { 'urn:altinn:org': 'ttd/../skd' }, 400],
  ['an org that is a list', { 'urn:altinn:org': ['ttd'] }, 400],
  ['an org without a name', { 'urn:altinn:org': '' }, 400],
  ['a user that is an object', { 'urn:altinn:userid': { id: 1 } }, 400],
  [
    'a system user without an id',
    { authorization_details: [{ type: 'urn:altinn:systemuser' }] },
    400,
  ],
  ['details that are no list', { authorization_details: { type: 'urn:altinn:systemuser' } }, 400],
]
for (const [what, odd, status] of claims)
  test(`${status} for a token with ${what}`, async () => {
    const client = clientOf(app, await tokenOf({ ...people.nobody, ...odd }))
    assert.equal(
      await assertProblem(await client.call('GET', ''), status),
      'Missing event consumer',
    )
  })
