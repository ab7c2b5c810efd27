import assert from 'node:assert/strict'
import { createReader } from '../support/reader.ts'
import { documentAt, idAt, store } from '../support/stored-events.ts'
import { createSubscriptionsClient, type App } from '../support/subscriber.ts'
import type { TestStores } from '../support/stores.ts'
import { deliveryRecord } from './deliveries.ts'
import { goodEvent } from './events.ts'
import { propertyOfMany, type Generated } from './property.ts'

const BATCH = 10

/** What a stored event may say. */
const eventMembers = goodEvent.map(({ members: { type, subject, alternativesubject, data } }) => ({
  type,
  subject,
  ...(alternativesubject !== undefined && { alternativesubject }),
  ...(data !== undefined && { data }),
}))

/** What must hold of documents in the store, whatever is in them; `token` is that of ttd, and `subscription` its. */
export function storedProperties(
  stores: TestStores,
  app: App,
  token: string,
  subscription: number,
) {
  let apps = 0
  async function readEvents(events: Generated<typeof eventMembers>[]): Promise<void> {
    const name = `stored-${apps++}`
    const documents = events.map((each, index) =>
      documentAt(Date.now() - 90_000 + index, { ...each, app: name }),
    )
    await store(stores, documents)
    const { events: read } = await createReader(app, token).page(`ttd/${name}?after=1`)
    assert.deepEqual(read, JSON.parse(JSON.stringify(documents.map(({ event }) => event))))
  }
  async function showDeliveries(records: Generated<typeof deliveryRecord>[]): Promise<void> {
    const start = Date.now() - 86_400_000 + apps++ * BATCH
    const documents = records.map((record, index) => ({
      ...record,
      id: idAt(start + index),
      subscription: String(subscription),
    }))
    for (const document of documents) await stores.container('deliveries').items.create(document)
    const after = idAt(start - 1)
    const { deliveries } = await createSubscriptionsClient(app, token).deliveries(
      subscription,
      `?after=${after}`,
    )
    for (const { id, state, run, attempts } of documents) {
      const shown = deliveries.find(({ event }) => event === id)
      const told = state === 'backlog' ? 'waiting' : state // owners see both as waiting
      assert.deepEqual([shown?.state, shown?.run, shown?.attempts], [told, run, attempts])
    }
  }
  return [
    propertyOfMany(
      'what is stored of an event is read, whatever it says',
      50,
      eventMembers,
      BATCH,
      readEvents,
    ),
    propertyOfMany(
      'what is stored of a delivery is shown, whatever became of it',
      50,
      deliveryRecord,
      BATCH,
      showDeliveries,
    ),
  ]
}
