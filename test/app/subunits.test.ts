// Events about subunits, delivered to subscriptions of their main unit.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { SubscriptionOrTombstone } from '../../shared/subscriptions/subscription.ts'
import { units } from '../../local/register.ts'
import { startReceiver } from '../../local/receiver.ts'
import { callers } from '../../local/tokens.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { assertProblemBody } from '../support/problems.ts'
import { startFaultyRegister } from '../support/register.ts'
import { createSubscriptionsClient, mintToken, type App } from '../support/subscriber.ts'
import { createTestStores, eventually, type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import { quickRepairs } from './quick-repairs.ts'

const startWithout = useApp(quickRepairs) // it has no register, and other files start it
let stores: TestStores
let receiver: Receiver
let register: Awaited<ReturnType<typeof startFaultyRegister>>
let app: App
let main: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;[stores, receiver, register] = await Promise.all([
    createTestStores(),
    startReceiver(),
    startFaultyRegister(),
  ])
  const grants = ['publish', 'subscribe'].map((action) => {
    return { resource: 'urn:altinn:resource:skd-*', action, who: '*' }
  })
  app = await startApp(stores, {
    settings: {
      ...register.settings,
      ACCESS_GRANTS: JSON.stringify(grants),
      AzureFunctionsJobHost__extensions__queues__visibilityTimeout: '00:00:01',
    },
  })
  main = createSubscriptionsClient(app, await mintToken(callers.organisation(units.main.number)))
})
after(() => Promise.all([app.stop(), receiver.stop(), register.stop()]))
const party = (unit: { partyId: number }) => `/party/${unit.partyId}`
const about = (unit: { partyId: number; number: string }) => ({
  subject: party(unit),
  alternativesubject: `/org/${unit.number}`,
})
const arrivedAt = (path: string) =>
  receiver.deliveries.filter((one) => one.path === path && one.event?.subject !== undefined)

test('of an app: the main unit subscribes by its number and gets what is about itself and its subunits', async () => {
  const own = await createOwnApp(app, receiver, 'units')
  const made = await main.subscribed({
    endPoint: `${receiver.url}${own.path}`,
    resourceFilter: 'urn:altinn:resource:app_ttd_units',
    alternativeSubjectFilter: `/organisation/${units.main.number}`,
    includeSubunits: true,
  })
  await own.subscribe('/owner') // gets all, the last event too
  const [ofMain, ofSubunit, ofOther] = await Promise.all(
    [units.main, units.subunit, units.other].map((unit) => own.publish(about(unit))),
  )
  await Promise.all([ofMain, ofSubunit].map((id = '') => own.arrived(id)))
  await eventually('the owner', () => own.arrivals(ofOther, '/owner')[0])
  assert.equal(own.arrivals(ofOther).length, 0)
  assert.equal(own.arrivals().length, 2, 'each once')

  const [altinn] = await tokensOf('ttd', 'units')
  const status = await eventually('fanned out', async () => {
    const answer = await fetch(`${app.api}/app/ttd/units/${ofSubunit}`, {
      headers: { authorization: `Bearer ${altinn}` },
    })
    const found = Object(await answer.json())
    return found.fannedOut !== undefined && found
  })
  assert.equal(status.fannedOut.subscribers, 2)
  const deliveries: { subscription: number }[] = status.deliveries
  assert.ok(deliveries.some(({ subscription }) => subscription === made.id))
})

test('of a generic resource: the subject is a urn', async () => {
  const resource = 'urn:altinn:resource:skd-units'
  const urn = (number: string) => `urn:altinn:organization:identifier-no:${number}`
  await main.subscribed({
    endPoint: `${receiver.url}/generic`,
    resourceFilter: resource,
    subjectFilter: urn(units.main.number),
    includeSubunits: true,
  })
  const scope = 'altinn:events.publish'
  const publisher = createGenericClient(app, await mintToken({ ...callers.org('skd'), scope }))
  for (const unit of [units.other, units.subunit])
    await publisher.publish({
      specversion: '1.0',
      id: unit.number,
      source: 'https://skd.no/units',
      type: 'unit.changed',
      resource,
      subject: urn(unit.number),
    })
  await eventually('the subunit’s', () => arrivedAt('/generic').length > 0)
  assert.deepEqual(
    arrivedAt('/generic').map(({ event }) => event?.id),
    [units.subunit.number],
  )
})

test('while the register is down the others get the event; the main unit gets it afterwards', async () => {
  const own = await createOwnApp(app, receiver, 'outage')
  await main.subscribed({
    endPoint: `${receiver.url}${own.path}`,
    resourceFilter: 'urn:altinn:resource:app_ttd_outage',
    alternativeSubjectFilter: `/organisation/${units.main.number}`,
    includeSubunits: true,
  })
  await own.subscribe('/outage-owner')
  register.fail('down')
  const id = await own.publish(about(units.newSubunit))
  const toOwner = () => own.arrivals(id, '/outage-owner').length
  await eventually('the owner', () => toOwner() > 0)
  await eventually('asked', () => register.askedAbout(String(units.newSubunit.partyId)).length > 0)
  assert.equal(own.arrivals(id).length, 0)
  register.fail(undefined)
  await own.arrived(id, 30)
  assert.equal(toOwner(), 1)
})

test('without a register, subunits are a 400 that says so', async () => {
  const without = await startWithout()
  const token = await mintToken(callers.org('ttd'))
  const answer = await createSubscriptionsClient(without.app, token).call('POST', '', {
    endPoint: `${receiver.url}/none`,
    resourceFilter: 'urn:altinn:resource:app_ttd_units',
    subjectFilter: party(units.main),
    includeSubunits: true,
  })
  const { detail } = await assertProblemBody(answer, 400)
  assert.match(detail, /^IncludeSubunits needs a register/)
  const made = await without.stores.documents<SubscriptionOrTombstone>('subscriptions')
  assert.deepEqual(
    made.filter((each) => JSON.stringify(each).includes(`${receiver.url}/none`)),
    [],
  )
})
