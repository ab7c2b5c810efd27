import { startPolicyDecisionPoint } from '../../local/policy-decision-point.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'

type Started = Awaited<ReturnType<typeof startPolicyFixture>>
export type PolicyFixture = Pick<Started, 'app' | 'standIn' | 'endPoint' | 'token'>

/** Returns a token of skd's with both scopes. */
export const policyToken = (): Promise<string> =>
  mintToken({ ...callerClaims.skd, scope: 'altinn:events.publish altinn:events.subscribe' })

/** An app that asks a policy decision point in our hands, and a token with both scopes. */
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
  return {
    app,
    standIn,
    endPoint: `${receiver.url}/hook`,
    token: await policyToken(),
    stop: () => Promise.all([app.stop(), standIn.stop(), receiver.stop()]),
  }
}
