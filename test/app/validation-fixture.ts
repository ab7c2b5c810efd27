import assert from 'node:assert/strict'
import { exampleEvent } from '../../local/example.ts'
import { startReceiver, type Behaviour, type Delivery } from '../../local/receiver.ts'
import type { SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { startApp } from '../support/app.ts'
import {
  createSubscriptionsClient,
  callerClaims,
  eventuallyByApi,
  mintToken,
  type App,
  type Subscription,
} from '../support/subscriber.ts'
import { createTestStores, type TestStores } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import type { Receiver } from '../support/own-app.ts'
import { share } from '../support/share.ts'

// An app and a receiver, to validate endpoints with.
export let stores: TestStores
export let receiver: Receiver
export let app: App
export let client: ReturnType<typeof createSubscriptionsClient>
export const REPAIR_SECONDS = 2

/** To be called by each file that validates, as it is loaded; what it returns is for its `before`. */
export const useValidatingApp = share(async () => {
  ;[stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  app = await startApp(stores, { settings: { REPAIR_AFTER_SECONDS: String(REPAIR_SECONDS) } })
  client = createSubscriptionsClient(app, await mintToken(callerClaims.ttd))
  // It gets every event, for tests of who does not.
  await client.subscribed({ ...request('valid'), typeFilter: undefined })
  return { stop: () => Promise.all([app.stop(), receiver.stop()]) }
})

export const VALIDATION = 'platform.events.validatesubscription'
export const request = (name: string) => ({
  endPoint: `${receiver.url}/${name}`,
  resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
  typeFilter: name, // the events of each test are its own
})

export const got = (name: string) => receiver.deliveries.filter(({ path }) => path === `/${name}`)
export const validations = (name: string) =>
  got(name).filter(({ event }) => event?.type === VALIDATION)
export const publish = async (type: string): Promise<string> =>
  String(await (await app.publish({ ...exampleEvent, type })).json())
export const arrival = (name: string, id: string): Promise<Delivery> =>
  receiver.waitFor(({ path, event }) => path === `/${name}` && event?.id === id, scaleTimeout(10))

/** Answers the validation events on a path with these in order, from then on with the last of them. */
export function answerInOrder(name: string, ...behaviours: Behaviour[]): void {
  let count = 0
  receiver.behave(
    () => ({ ...behaviours[Math.min(count++, behaviours.length - 1)], validationToo: true }),
    `/${name}`,
  )
}
export async function documentOf(id: number): Promise<SubscriptionDocument | undefined> {
  const documents = await stores.documents<SubscriptionDocument>('subscriptions') // none is deleted here
  return documents.find(({ number }) => number === id)
}
/** Asserts that a time of the app is between `began`, in ms of the epoch, and now. */
export function assertBetween(began: number, time = ''): void {
  assert.ok(Date.parse(time) >= began && Date.parse(time) <= Date.now(), time)
}
export const failure = (id: number): Promise<Subscription> =>
  eventuallyByApi('the failure shows', async () => {
    const found = await client.read(id)
    return found.validationFailure !== undefined && found
  })
