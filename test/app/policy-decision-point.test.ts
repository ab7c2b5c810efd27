import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { after, before, test } from 'node:test'
import { decisionResponse, type Answer } from '../../local/policy-decision-point.ts'
import { genericEvent } from '../../local/example.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { eventually } from '../support/stores.ts'
import {
  assertProblem,
  callerClaims,
  createSubscriptionsClient,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { RESOURCE, startPolicyFixture } from './policy-fixture.ts'

const ACTION = 'urn:oasis:names:tc:xacml:1.0:action:action-id'
const scopes = 'altinn:events.publish altinn:events.subscribe'

let fixture: Awaited<ReturnType<typeof startPolicyFixture>>
let app: App
let token: string
let userToken: string
before(async () => {
  fixture = await startPolicyFixture()
  app = await fixture.start()
  token = await mintToken({ ...callerClaims.skd, scope: scopes })
  userToken = await mintToken({ ...callerClaims.user, scope: scopes })
})
after(async () => {
  await app.stop()
  await fixture.stop()
})

let count = 0
/** A resource of its own, about which nothing is known yet. */
function newResource(answer?: Answer): string {
  const name = `skd-${++count}`
  if (answer !== undefined) fixture.answers.set(name, answer)
  return `${RESOURCE}:${name}`
}
const publish = (resource: string, more: object = {}, as = token) =>
  createGenericClient(app, as).publish({
    ...genericEvent,
    id: crypto.randomUUID(),
    resource,
    ...more,
  })
const read = (resource: string, as = token) =>
  createGenericClient(app, as).read(`resource=${resource}&after=0`)
const askedAbout = (resource: string) =>
  fixture.questions.filter(
    ({ resource: asked }) => asked[RESOURCE]?.[0] === resource.split(':').at(-1),
  )

const respond =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(body)
const afterMs =
  (ms: number, then: (response: ServerResponse) => void): Answer =>
  (response) =>
    void setTimeout(() => then(response), ms)
const permit = decisionResponse('Permit')
const twice = JSON.stringify({ Response: [{ Decision: 'Permit' }, { Decision: 'Permit' }] })

test('the start says who decides', () => {
  const line = app.lines.find((each) => each.includes('access.decided_by')) ?? '{}'
  assert.match(line, /"decidedBy":"policy"/)
})

const cases: [name: string, answer: Answer, status: 200 | 403 | 503][] = [
  ['Permit', 'Permit', 200],
  ['Permit, slowly', afterMs(1000, (response) => response.end(permit)), 200],
  ['Permit for who is authenticated at level 4', respond(200, atLevel(4)), 403],
  ['Permit for who is authenticated at level 3', respond(200, atLevel(3)), 200],
  ['Permit with an unknown obligation', respond(200, withObligation({ Id: 'x' })), 403],
  ['Deny', 'Deny', 403],
  ['NotApplicable', 'NotApplicable', 403],
  ['Indeterminate', respond(200, decisionResponse('Indeterminate')), 503],
  ['two results', respond(200, twice), 503],
  ['a page', respond(200, '<html>Permit</html>'), 503],
  ['400', respond(400, permit), 503],
  ['201', respond(201, permit), 503],
  ['401', respond(401, permit), 503],
  ['429', respond(429, permit), 503],
  ['500', respond(500, permit), 503],
  [
    'a redirect',
    (response) => response.writeHead(307, { location: `${fixture.url}/token` }).end(permit),
    503,
  ],
  ['more than 64 KB', respond(200, `${permit}${' '.repeat(70_000)}`), 503],
  ['no end', (response) => void response.writeHead(200).write('{"Response":'), 503],
  ['a reset connection', (response) => void response.destroy(), 503],
  ['nothing', () => {}, 503],
]
for (const [name, answer, status] of cases)
  test(`${name} is ${status}, for a publisher, a reader and a subscriber`, async () => {
    const resource = newResource(answer)
    const endPoint = `${fixture.receiver.url}/${count}`
    const results = await Promise.all([
      publish(resource),
      read(resource),
      createSubscriptionsClient(app, token).call('POST', '', {
        endPoint,
        resourceFilter: resource,
      }),
    ])
    const [published, , subscribed] = results
    const statuses = results.map((each) => each.status)
    assert.deepEqual(statuses, status === 200 ? [200, 200, 201] : [status, status, status])
    if (status === 200) return assert.equal(subscribed.headers.get('retry-after'), null)
    await assertProblem(published, status)
    assert.equal(published.headers.get('retry-after'), status === 503 ? '5' : null)
  })

function atLevel(level: number): string {
  const Category = 'urn:altinn:minimum-authenticationlevel'
  const AttributeAssignment = [{ AttributeId: 'a', Value: String(level), Category }]
  return withObligation({ Id: 'level', AttributeAssignment })
}
function withObligation(obligation: object): string {
  return decisionResponse('Permit', { Obligations: [obligation] })
}

test('asks by the caller, the action, the resource, the subject and the event', async () => {
  const resource = newResource('Permit')
  const name = resource.split(':').at(-1) ?? ''
  await publish(resource, { id: 'event-1', resourceinstance: 'a/b', subject: '/party/1' })
  await createGenericClient(app, userToken).read(`resource=${resource}&after=0&subject=/party/7`)
  const [published, wasRead] = askedAbout(resource)
  assert.deepEqual(published, {
    subject: {
      'urn:altinn:org': ['skd'],
      'urn:altinn:organization:identifier-no': ['974761076'],
      'urn:altinn:organizationnumber': ['974761076'],
    },
    action: { [ACTION]: ['publish'] },
    resource: {
      [RESOURCE]: [name],
      'urn:altinn:event-id': ['event-1'],
      'urn:altinn:eventtype': [genericEvent.type],
      'urn:altinn:eventsource': [genericEvent.source],
      'urn:altinn:resourceinstance': ['a/b'],
      'urn:altinn:partyid': ['1'],
    },
  })
  assert.deepEqual(wasRead, {
    subject: { 'urn:altinn:userid': ['20001'] },
    action: { [ACTION]: ['subscribe'] },
    resource: { [RESOURCE]: [name], 'urn:altinn:partyid': ['7'] },
  })
})

test('what the built-in rules permit is not asked', async () => {
  const earlier = fixture.questions.length
  const admin = await mintToken({
    ...callerClaims.skd,
    scope: `${scopes} altinn:events.publish.admin`,
  })
  assert.equal((await publish(newResource('Deny'), {}, admin)).status, 200)
  const own = await createGenericClient(app, userToken).read(
    `resource=${newResource('Deny')}&after=0&subject=/party/50019855`,
  )
  assert.equal(own.status, 200)
  assert.equal((await read(`${RESOURCE}:app_skd_a`)).status, 200)
  assert.equal((await app.publish()).status, 201)
  assert.equal(fixture.questions.length, earlier)
})

test('a decision is asked for once, many at a time, and serves what was asked', async () => {
  const resource = newResource('Permit')
  const earlier = { ...fixture.requests }
  const many = await Promise.all(Array.from({ length: 10 }, () => publish(resource)))
  assert.ok(many.every(({ status }) => status === 200))
  assert.equal((await publish(resource)).status, 200)
  assert.equal(askedAbout(resource).length, 1)
  fixture.answers.set(resource.split(':').at(-1) ?? '', 'Deny')
  assert.equal((await publish(resource)).status, 200, 'for 5 minutes')
  assert.equal((await publish(resource, { type: 'another' })).status, 403)
  assert.equal((await publish(resource, {}, userToken)).status, 403)
  assert.equal((await read(resource)).status, 403)
  assert.equal((await publish(resource, { type: 'another' })).status, 403)
  assert.equal(askedAbout(resource).length, 4, 'a refusal is kept, too')
  assert.deepEqual(fixture.requests, earlier, 'the token is kept, too')
})

test('what is no decision is asked again', async () => {
  const resource = newResource(respond(500, ''))
  assert.equal((await publish(resource)).status, 503)
  fixture.answers.set(resource.split(':').at(-1) ?? '', 'Permit')
  assert.equal((await publish(resource)).status, 200)
})

test('who may subscribe does not see who else does: that is for who may publish', async () => {
  const resource = newResource('Permit')
  fixture.point.decide = ({ action }) => (action[ACTION]?.[0] === 'subscribe' ? 'Permit' : 'Deny')
  const askAs = (as: string) =>
    fetch(`${app.api}/resources/${resource}/subscriptions`, {
      headers: { authorization: `Bearer ${as}` },
    })
  try {
    assert.equal((await read(resource)).status, 200)
    assert.equal((await askAs(token)).status, 403)
    fixture.point.decide = () => 'Permit'
    assert.equal((await askAs(userToken)).status, 200)
  } finally {
    fixture.point.decide = ({ resource: asked }) =>
      fixture.answers.get(asked[RESOURCE]?.[0] ?? '') ?? 'Deny'
  }
})

test('who may only publish is not shown the events of others', async () => {
  const resource = newResource('Permit')
  fixture.point.decide = ({ action }) => (action[ACTION]?.[0] === 'publish' ? 'Permit' : 'Deny')
  try {
    for (const path of [`resources/${resource}/activity`, `events/1?resource=${resource}`]) {
      const answer = await fetch(`${app.api}/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      })
      await assertProblem(answer, 403)
    }
  } finally {
    fixture.point.decide = ({ resource: asked }) =>
      fixture.answers.get(asked[RESOURCE]?.[0] ?? '') ?? 'Deny'
  }
})

test('without tokens there are no decisions', async () => {
  await app.stop()
  fixture.point.isTokenServerDown = true
  app = await fixture.start()
  const answer = await publish(newResource('Permit'))
  assert.equal(answer.status, 503)
  assert.ok(app.lines.some((line) => line.includes('Maskinporten: status 503')))
  fixture.point.isTokenServerDown = false
  const resource = newResource('Permit')
  await eventually('a decision', async () => (await publish(resource)).status === 200, 15)
})
