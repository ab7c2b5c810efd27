import assert from 'node:assert/strict'
import { drainSubscription } from '../../shared/flows/drain.ts'
import type { DrainMessage } from '../../shared/messages.ts'
import type { Circuit } from '../../shared/subscriptions/circuit-breaker.ts'
import { circuitOf, lease, since } from './circuit-fixture.ts'
import { startFlows, type Flows } from './flow-fixture.ts'
import { subscription } from './subscription-fixture.ts'

export const open: Circuit & { state: 'open' } = {
  state: 'open',
  opens: 1,
  failingSince: since,
  reason: 'x',
  lease,
}
export const message: DrainMessage = {
  v: 1,
  consumer: '/org/ttd',
  subscription: 'document-1',
  token: 'token',
}

export function startDrain(circuit: Circuit) {
  const flows = startFlows()
  flows.store(subscription(1, { circuit }))
  return {
    ...flows,
    drain: (given: Partial<DrainMessage> = {}) =>
      flows.run(drainSubscription(flows.services, { ...message, ...given })),
  }
}
export const leaseTokenOf = (flows: Pick<Flows, 'subscription'>) => {
  const circuit = circuitOf(flows)
  return circuit !== undefined && circuit.state !== 'closed' ? circuit.lease?.token : undefined
}
/** The events that were sent, each as often as it was. */
export const sentOf = ({ requests }: Pick<Flows, 'requests'>) =>
  requests.map(({ event }) => event).toSorted()

/** Goes on with the message that was sent last, when its time has come. */
export async function next(flows: ReturnType<typeof startDrain>): Promise<string> {
  const last = flows.sent.at(-1)
  assert.equal(last?.queue, 'drainQueue')
  assert.equal(last.message['token'], leaseTokenOf(flows), 'the message has the token of the lease')
  await flows.pass(last.delaySeconds)
  const { after, waited } = last.message
  return flows.drain({
    token: String(last.message['token']),
    ...(typeof after === 'string' && { after }),
    ...(typeof waited === 'number' && { waited }),
  })
}
