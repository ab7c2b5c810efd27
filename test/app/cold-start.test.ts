// A new instance that has many subscriptions to read, and whose store fails meanwhile.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startFaultProxy, type FaultProxy } from '../../local/fault-proxy.ts'
import { startReceiver } from '../../local/receiver.ts'
import type { EventDocument } from '../../shared/events/event-document.ts'
import { startApp } from '../support/app.ts'
import { storeAll } from '../support/stored-items.ts'
import { createTestStores, deployedUrl, eventually, type TestStores } from '../support/stores.ts'
import { subscription } from '../unit/subscription-fixture.ts'
import type { Receiver } from '../support/own-app.ts'
import type { App } from '../support/subscriber.ts'

const skip = deployedUrl !== undefined && 'faults need stores of its own'
const LAST = 2001 // three pages of 1,000
let stores: TestStores
let receiver: Receiver
let cosmos: FaultProxy
let app: App
before(async () => {
  ;[stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  cosmos = await startFaultProxy(stores.settings.Cosmos)
  app = await startApp(stores, {
    settings: {
      Cosmos: cosmos.connection,
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    },
  })
})
after(() => Promise.all([app.stop(), receiver.stop(), cosmos.stop()]))

/** Stores subscriptions to other resources, and between them, on the first page and the last, two to the example's. */
function storeSubscriptions(): Promise<void> {
  const numbers = Array.from({ length: LAST }, (_, place) => place + 1)
  const documents = numbers.map((number) => {
    const isOwn = number === 1 || number === LAST
    const resource = `urn:altinn:resource:app_ttd_${isOwn ? 'apps-test' : 'other'}`
    return subscription(number, { endpoint: `${receiver.url}/${number}`, filters: { resource } })
  })
  return storeAll(stores, 'subscriptions', documents)
}

/** Has the nth query of the subscriptions, and others, answered with a 503. Returns how many came. */
function failQueries(isRefused: (nth: number) => boolean): () => number {
  let queries = 0
  cosmos.plan = ({ url, headers }) => {
    const isQuery = headers['x-ms-documentdb-isquery'] === 'true' // no plan of one
    if (!isQuery || !url.endsWith('/colls/subscriptions/docs')) return undefined
    return isRefused(++queries) ? { status: 503 } : undefined
  }
  return () => queries
}

const publish = async (subject: string): Promise<void> => {
  const answer = await app.publish({ subject, type: 'a', source, specversion: '1.0' })
  assert.equal(answer.status, 201)
}
const source = 'https://ttd.apps.at22.altinn.cloud/ttd/apps-test'

test(
  'until every page of the subscriptions is read events are taken, and wait: nobody is missed',
  { skip },
  async () => {
    await storeSubscriptions()
    const isUnread = () =>
      app.lines.some((line) => line.includes('The subscriptions cannot be read'))
    failQueries((nth) => nth > 1) // the first page can be read
    await publish('/party/1')
    await eventually('a fan-out that failed', isUnread, 20)
    await publish('/party/2')
    assert.deepEqual(receiver.deliveries, [], 'nobody has it, not even whose page was read')
    for (const { fanOut, pending } of await stores.documents<EventDocument>('events'))
      assert.ok(fanOut === undefined && pending !== undefined, 'it is still to be fanned out')

    const queries = failQueries((nth) => nth === 2)
    const arrived = () => receiver.deliveries.map(({ path, event }) => `${path} ${event?.subject}`)
    await eventually('four deliveries', () => arrived().length >= 4, 30)
    const expected = ['/1 /party/1', '/1 /party/2', `/${LAST} /party/1`, `/${LAST} /party/2`]
    assert.deepEqual(arrived().toSorted(), expected)
    assert.ok(queries() >= 4, 'three pages, of which one was tried again by itself')
  },
)
