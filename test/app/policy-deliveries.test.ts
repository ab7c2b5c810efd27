import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer } from '../../local/policy-decision-point.ts'
import { genericEvent } from '../../local/example.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { eventually } from '../support/stores.ts'
import {
  callerClaims,
  createSubscriptionsClient,
  eventuallyByApi,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { RESOURCE, startPolicyFixture } from './policy-fixture.ts'

// Deliveries to subscriptions that the policy decision point has permitted: it is asked again.
const SUBSCRIBE = 'altinn:events.subscribe'

let fixture: Awaited<ReturnType<typeof startPolicyFixture>>
let app: App
let token: string
let admin: string
let withdrawn: Awaited<ReturnType<typeof subscribe>>
let undecided: Awaited<ReturnType<typeof subscribe>>
before(async () => {
  fixture = await startPolicyFixture()
  app = await fixture.start()
  token = await mintToken({ ...callerClaims.skd, scope: SUBSCRIBE })
  admin = await mintToken({
    ...callerClaims.skd,
    scope: 'altinn:events.publish altinn:events.publish.admin',
  })
  withdrawn = await subscribe('withdrawn')
  undecided = await subscribe('undecided')
  await app.stop()
  app = await fixture.start() // which knows no decision
})
after(async () => {
  await app.stop()
  await fixture.stop()
})

const publish = (resource: string) =>
  createGenericClient(app, admin).publish({ ...genericEvent, id: crypto.randomUUID(), resource })

/** Subscribes to a resource of that name. */
async function subscribe(name: string) {
  const [resource, path] = [`${RESOURCE}:${name}`, `/${name}`]
  fixture.answers.set(name, 'Permit')
  const client = createSubscriptionsClient(app, token)
  const request = { endPoint: `${fixture.receiver.url}${path}`, resourceFilter: resource }
  const { id } = await client.subscribed(request)
  return {
    resource,
    answer: (next: Answer) => fixture.answers.set(name, next),
    questions: () =>
      fixture.questions.filter((asked) => asked.resource[RESOURCE]?.[0] === name).length,
    arrived: () =>
      fixture.receiver.deliveries.filter((each) => each.path === path && each.event?.subject),
    delivery: (state: string) =>
      eventuallyByApi(`a ${state} delivery`, async () => {
        const { deliveries } = await createSubscriptionsClient(app, token).deliveries(id)
        return deliveries.find((each) => each.state === state)
      }),
  }
}

test('a withdrawn right ends the delivery as dead, and nothing is sent', async () => {
  const { resource, answer, arrived, delivery } = withdrawn
  answer('Deny')
  assert.equal((await publish(resource)).status, 200)
  const { reason, attempts } = await delivery('dead')
  assert.equal(reason, 'the right to the events of the resource was withdrawn')
  assert.deepEqual(attempts, [])
  assert.equal(arrived().length, 0)
})

test('while there is no decision a delivery waits; then it goes out', async () => {
  const { resource, answer, questions: asked, arrived, delivery } = undecided
  answer((response) => response.writeHead(500).end())
  const earlier = asked()
  assert.equal((await publish(resource)).status, 200)
  await eventually('two questions without a decision', () => asked() >= earlier + 2, 30)
  const { attempts } = await delivery('waiting')
  assert.deepEqual(attempts, [])
  assert.equal(arrived().length, 0)
  assert.ok(app.lines.some((line) => /"access\.failing".*"reason":"status 500"/.test(line)))
  const health = async () => Object(await (await fetch(`${app.api}/health`)).json()).services
  assert.match((await health()).policyDecisionPoint, /^failing since .*Z: status 500$/)
  answer('Permit')
  await eventually('the delivery', () => arrived().length === 1, 30)
  await eventually('health', async () => (await health()).policyDecisionPoint === 'well', 15)
})
