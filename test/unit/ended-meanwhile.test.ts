import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { redeliver } from '../../shared/flows/redeliver.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { storeAndUpdateCircuit } from '../../shared/flows/update-circuit.ts'
import { message } from './drain-fixture.ts'
import { startFanOut } from './fan-out-fixture.ts'
import { eventMessage, type Flows } from './flow-fixture.ts'
import { startRetry } from './retry-fixture.ts'

const subscriber = { consumer: '/org/ttd', id: 'document-1', number: 1 }
const gone = { outcome: { kind: 'gone', arrived: false, reason: '410' }, isRetry: false } as const

/** Has the answer to another event disable the subscription, 3 s from now, and ends what waits. */
async function disableMeanwhile({ services, sent }: Pick<Flows, 'services' | 'sent'>) {
  await services.clock.timeout(3000).ended
  await storeAndUpdateCircuit(services, subscriber, gone, () => Promise.resolve())
  await drainSubscription(services, { ...message, token: String(sent.at(-1)?.message['token']) })
}

for (const [status, state] of [
  [200, 'delivered'],
  [500, 'dead'],
] as const) {
  test(`a first attempt answered ${status} after its subscription was disabled meanwhile is ${state}`, async () => {
    const flows = startFanOut()
    flows.endpoint.react = () => ({ status, ms: 10_000 })
    const { services } = flows
    const work = { ...eventMessage(flows.id), session: 'session' }
    const meanwhile = disableMeanwhile(flows).then(() => flows.record()?.state)
    const fanningOut = fanOutMessage(services, work, { dequeueCount: 1, traceparent: 'x' })
    assert.equal((await flows.run(Promise.all([meanwhile, fanningOut])))[0], 'dead')
    await flows.pass(20)
    assert.equal(flows.record()?.state, state)
  })

  test(`a retry answered ${status} after its subscription was disabled meanwhile is ${state}`, async () => {
    const flows = startRetry()
    flows.endpoint.react = () => ({ status, ms: 10_000 })
    const meanwhile = disableMeanwhile(flows).then(() => flows.record()?.state)
    const retrying = retryDelivery(flows.services, flows.message, 'x')
    assert.equal((await flows.run(Promise.all([meanwhile, retrying])))[0], 'dead')
    assert.equal(flows.record()?.state, state)
    assert.equal('deadAt' in (flows.record() ?? {}), state === 'dead')
    assert.equal('reason' in (flows.record() ?? {}), state === 'dead')
  })
}

for (const status of [500, 410])
  test(`a first attempt answered ${status} late counts not for the run that its owner began meanwhile`, async () => {
    const flows = startFanOut()
    flows.endpoint.react = () => ({ status, ms: 10_000 })
    const { services, id } = flows
    async function sendAgain() {
      await disableMeanwhile(flows)
      const found = await services.deliveries.find('1', id)
      assert.ok(found)
      await redeliver(services, found)
    }
    const work = { ...eventMessage(id), session: 'session' }
    const fanningOut = fanOutMessage(services, work, { dequeueCount: 1, traceparent: 'x' })
    await flows.run(Promise.all([sendAgain(), fanningOut]))
    await flows.pass(20)
    const { run, attempt, state } = flows.record() ?? {}
    assert.deepEqual({ run, attempt, state }, { run: 1, attempt: 0, state: 'waiting' })
  })
