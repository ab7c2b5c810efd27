import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { startDrain } from '../../shared/flows/update-circuit.ts'
import { circuitOf, lease, since } from './circuit-fixture.ts'
import { message, next, startDrain as startDrainOf } from './drain-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { eventMessage, SECOND, startFlows, type Flows } from './flow-fixture.ts'
import { retried, startRetry } from './retry-fixture.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

const first = { consumer: '/org/ttd', id: 'document-1', number: 1 }

test('a subscription that the index knows as deleted is, though its document is not to be seen', async () => {
  const flows = startFlows()
  flows.store(tombstone(1))
  await flows.run(flows.services.index.current())
  flows.services.subscriptions.find = () => Promise.resolve(undefined)
  assert.equal(await flows.run(startDrain(flows.services, first)), 'deleted')
})

test('a subscription whose document has a later number is deleted, and the later one is left alone', async () => {
  const flows = startFlows()
  flows.store({ ...subscription(2), id: 'document-1' })
  assert.equal(await flows.run(startDrain(flows.services, first)), 'deleted')
  assert.deepEqual([circuitOf(flows), flows.sent], [undefined, []])
})

test('what is not to be seen, or shows an earlier number, is not deleted', async () => {
  const flows = startFlows()
  await assert.rejects(flows.run(startDrain(flows.services, first)), /not visible yet/)
  flows.store(subscription(1))
  await assert.rejects(
    flows.run(startDrain(flows.services, { ...first, number: 2 })),
    /not visible yet/,
  )
  assert.deepEqual([circuitOf(flows), flows.sent], [undefined, []])
})

test('a delivery that joins the backlog during the last check of a disabled subscription is ended', async () => {
  const flows = startDrainOf({ state: 'disabled', reason: '410', since, hasChecked: true, lease })
  const { page } = flows.services.deliveries
  let late = ''
  flows.services.deliveries.page = async (...of) => {
    const found = await page(...of)
    if (of[1] === 'backlog' && late === '') {
      ;[late = ''] = flows.deliveries(1)
      await startDrain(flows.services, first)
    }
    return found
  }
  await flows.run(drainSubscription(flows.services, message))
  assert.equal(flows.delivery(late)?.state, 'backlog')
  assert.equal(await next(flows), 'disabled')
  assert.equal(flows.delivery(late)?.state, 'dead')
})

test('a success outside of a drain resets the instance’s consecutive failures', async () => {
  const flows = startFanOut()
  const { recentOutcomes } = flows.services
  for (let failures = 0; failures < 4; failures++) recentOutcomes.failed('1', false)
  await flows.fanOut()
  assert.deepEqual(recentOutcomes.failed('1', false), {
    consecutiveFailures: 1,
    hasNoRecentSuccess: false,
  })
})

test('the message of a drain comes at once, and where another may still send, after that', async () => {
  for (const [busyUntil, delaySeconds] of [
    [undefined, 0],
    [SECOND + 50, 50],
    [SECOND - 50, 0],
  ] as const) {
    const flows = startFlows()
    flows.store(
      subscription(1, {
        circuit: { state: 'disabled', reason: '410', since, ...(busyUntil && { busyUntil }) },
      }),
    )
    await flows.run(startDrain(flows.services, first))
    assert.deepEqual(
      flows.sent.map((each) => each.delaySeconds),
      [delaySeconds],
    )
  }
})

/** Has the stores fail for so many seconds: that of subscriptions, and of deliveries where said. */
function failStores({ services, at }: Flows, seconds: number, deliveriesToo: boolean): void {
  const { subscriptions, deliveries } = services
  const saves = [subscriptions.save, deliveries.save] as const
  const out = () => Promise.reject(new Error('out'))
  subscriptions.save = out
  if (deliveriesToo) deliveries.save = out
  at(seconds, () => ([subscriptions.save, deliveries.save] = saves))
}

for (const [what, deliveriesToo] of [
  ['alone', false],
  ['and its record', true],
] as const)
  test(`a success of a retry ends the failing, though the circuit ${what} could not be stored for 40 s`, async () => {
    const flows = startRetry({ state: 'closed', opens: 0, failingSince: since })
    failStores(flows, 40, deliveriesToo)
    await assert.rejects(flows.retry(), /out/)
    await flows.pass(60)
    assert.equal(flows.circuit(), undefined)
  })

test('a success of a first attempt ends the failing, though the circuit alone could not be stored', async () => {
  const flows = startFanOut({ state: 'closed', opens: 0, failingSince: since })
  failStores(flows, 40, false)
  await assert.rejects(flows.fanOut(), /out/)
  assert.equal(flows.record()?.state, 'delivered')
  await flows.pass(60)
  assert.equal(flows.circuit(), undefined)
})

/** Has retries of these deliveries store nothing of the circuit. */
async function retryUnstored(flows: Flows, ids: string[]): Promise<void> {
  const retries = ids.map((id) => {
    const reference = { ...eventMessage(id), subscription: '1', run: 1, attempt: 2 }
    return assert.rejects(retryDelivery(flows.services, reference, 'x'), /out/)
  })
  await flows.run(Promise.all(retries))
}

test('successes whose circuit cannot be stored share the tries of ten seconds, and a later one has its own', async () => {
  const flows = startFlows()
  flows.store(subscription(1, { circuit: { state: 'closed', opens: 0, failingSince: since } }))
  const ids = flows.deliveries(21, retried)
  failStores(flows, 80, false)
  const { save } = flows.services.subscriptions
  let tries = 0
  flows.services.subscriptions.save = (document) => {
    tries++
    return save(document)
  }
  const triesWithin = async (seconds: number) => {
    await flows.pass(1) // of the successes themselves, and again at once
    const before = tries
    await flows.pass(seconds)
    return tries - before
  }
  await retryUnstored(flows, ids.slice(1))
  assert.equal(await triesWithin(40), 3, 'after 5, 15 and 25 s')
  await retryUnstored(flows, ids.slice(0, 1))
  assert.equal(await triesWithin(60), 4, 'and so of the later one, and the last of the first')
  assert.equal(circuitOf(flows), undefined)
})

test('a success twelve seconds after another has tries of its own, which go on when those have ended', async () => {
  const flows = startFlows()
  flows.store(subscription(1, { circuit: { state: 'closed', opens: 0, failingSince: since } }))
  const ids = flows.deliveries(2, retried)
  failStores(flows, 56, false)
  await retryUnstored(flows, ids.slice(0, 1))
  await flows.pass(12)
  await retryUnstored(flows, ids.slice(1))
  await flows.pass(60)
  assert.equal(circuitOf(flows), undefined)
})

test('what became of a subscriber since does not end the tries of a success whose circuit cannot be stored', async () => {
  const flows = startRetry({ state: 'closed', opens: 0, failingSince: since })
  failStores(flows, 40, false)
  await assert.rejects(flows.retry(), /out/)
  await flows.pass(10)
  flows.services.recentOutcomes.succeeded('1') // one that believes that the circuit is well, and writes nothing
  await flows.pass(50)
  assert.equal(flows.circuit(), undefined)
})
