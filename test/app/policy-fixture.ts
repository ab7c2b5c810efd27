import { startPolicyDecisionPoint, type Answer } from '../../local/policy-decision-point.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { createTestStores } from '../support/stores.ts'

export const RESOURCE = 'urn:altinn:resource'

/** Stores, a receiver, and a decision point that refuses each resource until `answers` has something else for its name. */
export async function startPolicyFixture() {
  const [stores, standIn, receiver] = await Promise.all([
    createTestStores(),
    startPolicyDecisionPoint(),
    startReceiver(),
  ])
  const answers = new Map<string, Answer>()
  standIn.point.decide = ({ resource }) => answers.get(resource[RESOURCE]?.[0] ?? '') ?? 'Deny'
  return {
    ...standIn,
    receiver,
    answers,
    start: () => startApp(stores, { settings: standIn.settings }),
    stop: () => Promise.all([receiver.stop(), standIn.stop()]),
  }
}
