import type { Container, Database, JSONValue } from '@azure/cosmos'
import { isNotFound } from '../shared/azure/cosmos-error.ts'
import { alternativeOf, type EventDocument } from '../shared/events/event-document.ts'
import { isOpen, type DeliveryDocument } from '../shared/deliveries/delivery.ts'

/** What there was of a subject. */
export interface Erased {
  events: number
  deliveries: number
  /** Deliveries that were not over: a message in a queue may still speak of them. */
  waiting: number
  /** Who was sent the events, and so may have copies. */
  consumers: string[]
  poison: number
}

type Event = Pick<EventDocument, 'id' | 'resource' | 'subject'>
type Delivery = Pick<DeliveryDocument, 'id' | 'subscription' | 'consumer' | 'state'>
interface Poison {
  id: string
  queue: string
  text: string
}

const PAGE = 100

/** Finds all that is stored about a subject, `/party/…` or an alternative one, and erases it where `wanted`. */
export async function eraseSubject(
  database: Database,
  subject: string,
  wanted: boolean,
): Promise<Erased> {
  const found: Erased = { events: 0, deliveries: 0, waiting: 0, consumers: [], poison: 0 }
  const consumers = new Set<string>()
  const containers = {
    events: database.container('events'),
    deliveries: database.container('deliveries'),
    poison: database.container('poison'),
  }
  for (let events = await page(containers.events, subject, ''); events.length > 0;) {
    const deliveries = await deliveriesOf(containers.deliveries, events)
    for (const { consumer } of deliveries) consumers.add(consumer)
    found.events += events.length
    found.deliveries += deliveries.length
    found.waiting += deliveries.filter(isOpen).length
    if (wanted) {
      for (const { id, subscription } of deliveries)
        await erase(containers.deliveries, id, [subscription, id])
      for (const { id, resource, subject: own } of events)
        await erase(containers.events, id, [resource, own]) // last: until then, a run that was cut short finds them again
    }
    events = await page(containers.events, subject, events.at(-1)?.id ?? '')
  }
  const kept = await poisonAbout(containers.poison, subject)
  if (wanted) for (const { id, queue } of kept) await erase(containers.poison, id, queue)
  return { ...found, consumers: [...consumers].toSorted(), poison: kept.length }
}

function page(events: Container, subject: string, after: string): Promise<Event[]> {
  const path = subject.startsWith('/party/') ? 'subject' : 'alternative'
  return all(
    events,
    `SELECT TOP ${PAGE} c.id, c.resource, c.subject FROM c
      WHERE c.${path} = @subject AND c.id > @after ORDER BY c.${path}, c.id`,
    { '@subject': alternativeOf(subject), '@after': after },
  )
}

function deliveriesOf(deliveries: Container, events: Event[]): Promise<Delivery[]> {
  const named = events.map(({ id }, index) => [`@id${index}`, id])
  const names = named.map(([name]) => name).join(', ')
  return all(
    deliveries,
    `SELECT c.id, c.subscription, c.consumer, c.state FROM c WHERE c.id IN (${names})`,
    Object.fromEntries(named),
  )
}

/** Finds the poison messages that mention a subject, in whatever spelling. */
async function poisonAbout(poison: Container, subject: string): Promise<Poison[]> {
  const wanted = alternativeOf(subject)
  const kept = await all<Poison>(poison, 'SELECT c.id, c.queue, c.text FROM c')
  const mentions = (text: string) =>
    [...text.matchAll(/"([^"\\]*)"/g)].some(([, quoted = '']) => alternativeOf(quoted) === wanted)
  return kept.filter(({ text }) => mentions(text))
}

async function all<T>(
  container: Container,
  query: string,
  given: Record<string, JSONValue> = {},
): Promise<T[]> {
  const parameters = Object.entries(given).map(([name, value]) => ({ name, value }))
  return (await container.items.query<T>({ query, parameters }).fetchAll()).resources
}

/** Deletes a document that may be gone by now. */
async function erase(container: Container, id: string, key: string | string[]): Promise<void> {
  try {
    await container.item(id, key).delete()
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
