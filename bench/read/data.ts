import type { Container } from '@azure/cosmos'
import { exampleEvent } from '../../local/example.ts'
import { newCloudEvent } from '../../shared/events/cloud-event.ts'
import { newEventDocument, type EventDocument } from '../../shared/events/event-document.ts'
import { newEventId } from '../../shared/events/event-id.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'

/** The number of apps and of parties. Every app has the same share of the events of every party. */
export const SHARES = 10

/** Stores events until there are `to` of them, a second apart and at least an hour old. */
export async function storeEvents(container: Container, from: number, to: number): Promise<void> {
  const begin = Date.now() - 3_600_000 - 5000 * 1000
  const numbers = Array.from({ length: to - from }, (_, i) => from + i)
  const documents = numbers.map((number) => documentOf(number, begin + number * 1000))
  await forEachConcurrently(documents, 32, async (document) => {
    await container.items.create(document)
  })
}

function documentOf(number: number, ms: number): EventDocument {
  const app = `app-${number % SHARES}`
  const subject = `/party/${Math.floor(number / SHARES) % SHARES}`
  const source = exampleEvent.source.replace('apps-test', app)
  const draft = { ...exampleEvent, source, subject }
  const id = newEventId(ms)
  const event = newCloudEvent(draft, { org: 'ttd', app }, id)
  const made = newEventDocument({ id, event, traceparent: 'none', pending: 0 })
  const { pending: _pending, ...document } = made
  return document
}
