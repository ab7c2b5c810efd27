import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { lastWrites } from '../../shared/flows/drained-writes.ts'
import { startDrain as startNewDrain } from '../../shared/flows/update-circuit.ts'
import { createProcess } from '../simulation/process.ts'
import { openStores } from '../simulation/stores.ts'
import { circuitOf, draining } from './circuit-fixture.ts'
import { message, next, sentOf, startDrain } from './drain-fixture.ts'
import { SECOND } from './flow-fixture.ts'

const LAG_SECONDS = 30

type Flows = ReturnType<typeof startDrain>

/** Returns the flows as another instance runs them, whose replicas of the deliveries lag. */
function laggingInstance(flows: Flows): Flows {
  const { network, containers } = flows
  const process = createProcess({
    ...network,
    name: 'q',
    epoch: SECOND * 1000,
    clockOffsetMs: 0,
    deathRate: () => 0,
    freezeRate: () => 0,
    onDeath: () => {},
  })
  const lagging = { ...network, lagMs: () => LAG_SECONDS * 1000 }
  const { deliveries } = openStores(process, containers, lagging, 100)
  const services = { ...flows.services, deliveries }
  return {
    ...flows,
    services,
    drain: (given) => flows.run(drainSubscription(services, { ...message, ...given })),
  }
}

/** As a fan-out does that puts an event into the backlog. */
const addToBacklog = ({ run, services }: Flows) =>
  run(startNewDrain(services, { consumer: '/org/ttd', id: 'document-1', number: 1 }))

const reads = ({ calls }: Flows) => calls.filter((call) => call.startsWith('read 1/'))

for (const [what, count, ms] of [
  ['at once', 20, 0],
  ['in answers that overtake each other', 22, 50],
] as const)
  test(`a new drain sends nothing again that another instance has delivered, ${what}, and a replica still shows`, async () => {
    const flows = startDrain(draining)
    const ids = flows.deliveries(count)
    flows.endpoint.react = () => ({ status: 200, ms })
    await flows.pass(LAG_SECONDS + 1)
    assert.equal(await flows.drain(), 'closing')
    const late = flows.deliveries(1, {}, 5)
    await addToBacklog(flows)
    const other = laggingInstance(flows)
    while (circuitOf(flows) !== undefined) await next(other)
    assert.deepEqual(sentOf(flows), [...ids, ...late])
  })

test('a check of a closing backlog sends nothing again that another instance delivered before the last check', async () => {
  const flows = startDrain(draining)
  const ids = flows.deliveries(20)
  await flows.pass(LAG_SECONDS + 1)
  assert.equal(await flows.drain(), 'closing')
  assert.equal(await next(flows), 'closing')
  assert.equal(await next(laggingInstance(flows)), 'closing')
  assert.deepEqual(sentOf(flows), ids)
})

test('a failed delivery waits for its retry, although a replica still shows it in the backlog', async () => {
  const flows = startDrain(draining)
  const [failing = '', ...others] = flows.deliveries(20)
  flows.endpoint.react = (event) => ({ status: event === failing ? 500 : 200 })
  await flows.pass(LAG_SECONDS + 1)
  assert.equal(await flows.drain(), 'closing')
  await addToBacklog(flows)
  await next(laggingInstance(flows))
  assert.deepEqual(sentOf(flows), [failing, ...others])
})

test('what was written is asked for two minutes, once for each physical partition', async () => {
  const flows = startDrain(draining)
  flows.deliveries(20)
  await flows.drain()
  await addToBacklog(flows)
  await next(flows)
  assert.equal(reads(flows).length, 2)
  await flows.pass(121) // a failover may have lost it
  await addToBacklog(flows)
  await next(flows)
  assert.equal(reads(flows).length, 2)
})

test('a subscription keeps no write of two minutes ago, as of a physical partition that was split', () => {
  const [before, later] = [
    { event: 'a', session: '0:-1#5' },
    { event: 'b', session: '1:-1#6' },
  ]
  const known = lastWrites([], [before], SECOND)
  assert.deepEqual(lastWrites(known, [later], SECOND + 120), [{ ...later, until: SECOND + 240 }])
})

test('the newest write is that of the latest version and number, whatever the order and form of the tokens', () => {
  const newestOf = (...sessions: string[]) =>
    lastWrites(
      [],
      sessions.map((session) => ({ event: session, session })),
      SECOND,
    ).map(({ session }) => session)
  assert.deepEqual(newestOf('0:-1#12', '0:-1#9', '0:-1#10'), ['0:-1#12'])
  assert.deepEqual(newestOf('0:2#5#1=9', '0:1#12#1=4'), ['0:2#5#1=9'])
  assert.deepEqual(newestOf('0:-1#12', '0:-1#9,1:-1#7', '0:-1#10'), ['0:-1#12'])
  assert.deepEqual(newestOf('0:0#5', '0:1#4'), ['0:1#4'])
  assert.equal(newestOf(...Array.from({ length: 50 }, (_, i) => `token ${i}`)).length, 32)
})

test('of more writes than a subscription keeps, those of the longest ago are dropped', () => {
  const writeTo = (partition: number) => ({
    event: `event ${partition}`,
    session: `${partition}:-1#${100 - partition}`, // the first has the greatest number
  })
  const known = lastWrites([], [writeTo(0)], SECOND)
  const later = Array.from({ length: 32 }, (_, index) => writeTo(index + 1))
  const kept = lastWrites(known, later, SECOND + 1)
  assert.deepEqual(
    kept.map(({ event }) => event).toSorted(),
    later.map(({ event }) => event).toSorted(),
  )
})
