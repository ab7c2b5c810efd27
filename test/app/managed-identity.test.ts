import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { startManagedIdentity, type IdentityFault } from '../support/managed-identity.ts'
import { assertProblemBody } from '../support/problems.ts'
import { createSubscriptionsClient, eventuallyByApi, type App } from '../support/subscriber.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import type { Receiver } from '../support/own-app.ts'

// As Bicep has it: no key of the database, but the token of an identity that the host gives.
const skip = deployedUrl !== undefined && 'the identity endpoint must be the test’s own'
let stores: TestStores
let identity: Awaited<ReturnType<typeof startManagedIdentity>>
let receiver: Receiver
let app: App
let client: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  stores = await createTestStores()
  identity = await startManagedIdentity(stores.settings.Cosmos)
  receiver = await startReceiver()
  app = await startApp(stores, {
    settings: {
      ...identity.settings,
      REPAIR_AFTER_SECONDS: '1',
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    },
  })
  const [altinn] = await tokensOf('ttd', 'apps-test')
  client = createSubscriptionsClient(app, altinn)
})
const request = () => ({
  endPoint: `${receiver.url}/hook`,
  resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
})
afterEach(() => identity.fail(undefined))
after(async () => {
  await app.stop()
  await Promise.all([receiver.stop(), identity.stop()])
})

const arrivals = (subject: string) =>
  receiver.deliveries.filter(({ event }) => event?.subject === subject).length

test('everything works with the token of a managed identity', { skip }, async () => {
  await client.subscribed(request())
  assert.equal((await app.publish({ ...exampleEvent, subject: '/party/1' })).status, 201)
  await eventually('delivered', () => arrivals('/party/1') === 1)
  assert.ok(identity.asked.length > 1)
})

const faults: [string, IdentityFault][] = [
  ['a 400', { status: 400, body: '{"error":"invalid_request"}' }],
  ['a page of HTML', { status: 200, body: '<html>' }],
  ['silence', 'hang'], // one question that never ended blocked the database for good
]
for (const [index, [name, fault]] of faults.entries())
  test(
    `an identity endpoint that answers with ${name} loses no event, and blocks nothing once it is well`,
    { skip },
    async () => {
      const subject = `/party/${index + 10}`
      const list = () => client.call('GET', '')
      identity.fail(fault)
      await eventuallyByApi('the last token is over', async () => (await list()).status === 503)
      const calls = [
        app.publish({ ...exampleEvent, subject }),
        list(),
        client.call('POST', '', request()),
      ]
      const [published, ...others] = await Promise.all(calls)
      assert.equal(published?.status, 201, 'it travels whole')
      for (const answer of others) {
        assert.ok(Number(answer.headers.get('retry-after')) > 0)
        await assertProblemBody(answer, 503)
      }
      identity.fail(undefined)
      await eventually('delivered', () => arrivals(subject) === 1, 30)
    },
  )
