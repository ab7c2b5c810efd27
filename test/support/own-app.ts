import assert from 'node:assert/strict'
import { exampleEvent } from '../../local/example.ts'
import type { startReceiver, Delivery } from '../../local/receiver.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { tokensOf } from './app.ts'
import { createSubscriptionsClient, type App, type Subscription } from './subscriber.ts'
import { eventually, unlessBusy } from './stores.ts'

export type Receiver = Awaited<ReturnType<typeof startReceiver>>
export type OwnApp = Awaited<ReturnType<typeof createOwnApp>>

/** An app for one test, so that nobody else's subscriptions match its events, and a path of the receiver for its subscriber. */
export async function createOwnApp(app: App, receiver: Receiver, name: string) {
  const [altinn, platform] = await tokensOf('ttd', name)
  const headers = { Authorization: `Bearer ${altinn}`, PlatformAccessToken: platform }
  const source = exampleEvent.source.replace('apps-test', name)
  const client = createSubscriptionsClient(app, altinn)
  const request = (path: string) => ({
    endPoint: `${receiver.url}${path}`,
    resourceFilter: `urn:altinn:resource:app_ttd_${name}`,
  })
  const path = `/${name}`
  const publish = async (more: object = {}): Promise<string> => {
    const answer = await unlessBusy(() =>
      app.publish({ ...exampleEvent, source, ...more }, headers),
    )
    assert.equal(answer.status, 201, await answer.clone().text())
    return String(await answer.json())
  }
  /** What came at the path: events, not validations; of one event, or all. */
  const arrivals = (event?: string, at = path): Delivery[] =>
    receiver.deliveries.filter(
      (one) =>
        one.path === at &&
        one.event?.subject !== undefined &&
        (event === undefined || one.event.id === event),
    )
  return {
    name,
    path,
    source,
    headers,
    publish,
    /**
     * Publishes so many, each about another party, ten at once: all at once, a busy machine would not send the messages of
     * some in time, and their events would wait for a sweep. Returns their ids in their order.
     */
    publishMany: async (count: number): Promise<string[]> => {
      const parties = Array.from({ length: count }, (_, index) => index + 1)
      const ids: string[] = []
      await forEachConcurrently(parties, 10, async (party) => {
        ids.push(await publish({ subject: `/party/${party}` }))
      })
      return ids.toSorted()
    },
    /** Subscribes the path, and waits until it is validated. */
    subscribe: (at = path): Promise<Subscription> => client.subscribed(request(at)),
    /** The same request, which is not waited for. */
    requestSubscription: (at = path): Promise<Subscription> => client.subscribe(request(at)),
    read: client.read,
    remove: (id: number) => client.requestJson(200, 'DELETE', `/${id}`),
    client,
    arrivals,
    arrived: (event: string, seconds?: number): Promise<Delivery> =>
      eventually(`${event} at ${path}`, () => arrivals(event)[0], seconds),
    allArrived: (events: string[], seconds?: number): Promise<boolean> =>
      eventually(
        `${events.length} events at ${path}`,
        () => events.every((event) => arrivals(event).length > 0),
        seconds,
      ),
  }
}
