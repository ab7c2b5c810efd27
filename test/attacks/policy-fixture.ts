import { startPolicyDecisionPoint } from '../../local/policy-decision-point.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'

export type PolicyFixture = Awaited<ReturnType<typeof startPolicyFixture>>

/** An app that asks a policy decision point in our hands, and a token of skd's with both scopes. */
export async function startPolicyFixture() {
  const [stores, standIn, receiver] = await Promise.all([
    createTestStores(),
    startPolicyDecisionPoint(),
    startReceiver(),
  ])
  const app = await startApp(stores, {
    settings: standIn.settings,
    functions: ['publish-generic-event', 'read-generic-events', 'create-subscription'],
  })
  const scope = 'altinn:events.publish altinn:events.subscribe'
  return {
    app,
    standIn,
    endPoint: `${receiver.url}/hook`,
    token: await mintToken({ ...callerClaims.skd, scope }),
    mint: (claims: object) => mintToken({ ...claims, scope }),
    stop: () => Promise.all([app.stop(), standIn.stop(), receiver.stop()]),
  }
}
