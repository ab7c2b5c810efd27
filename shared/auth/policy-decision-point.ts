import { fetchReason, fetchText } from '../http/fetch-text.ts'
import type { ServiceState } from '../telemetry/service-state.ts'
import type { AccessQuestion } from './access-question.ts'
import { createAltinnToken, type AltinnClient } from './altinn-token.ts'
import { createDecisionCache } from './decision-cache.ts'
import { decisionRequestOf } from './xacml-request.ts'
import { parseDecision, type Decision } from './xacml-response.ts'

const limits = { timeoutMs: 2500, maxBytes: 65_536 } // real answers have 1 KB

/** Returns where decisions are asked for. */
export const authorizeUrl = ({ platformUrl }: Pick<AltinnClient, 'platformUrl'>): string =>
  `${platformUrl}/authorization/api/v1/authorize`

/**
 * Returns what asks the policy decision point of Altinn (XACML 3.0, altinn-contract §8.2), or knows what it has answered. Undefined
 * is a question that cannot be asked. Throws where there is no decision, and reports that to `state`.
 */
export function createPolicyDecisionPoint(
  client: AltinnClient,
  state: Pick<ServiceState, 'answered' | 'failed'>,
): (question: AccessQuestion) => Promise<Decision | undefined> {
  const token = createAltinnToken(client, 'altinn:authorization/authorize')
  const decisionFor = createDecisionCache()
  const url = authorizeUrl(client)

  async function ask(body: string): Promise<Decision> {
    const headers = {
      authorization: `Bearer ${await token.current()}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'ocp-apim-subscription-key': client.subscriptionKey,
    }
    const decision = parseDecision(await fetchText(url, limits, { method: 'POST', headers, body }))
    state.answered()
    return decision
  }
  function noteFailure(error: unknown): void {
    if (error instanceof Error && error.cause === 401) token.refused()
    state.failed(fetchReason(error, limits))
  }
  return async (question) => {
    const request = decisionRequestOf(question)
    if (request === undefined) return undefined
    // A refusal to a subscriber who asks ends no delivery: it may be from before the right was given.
    const key = question.endsDeliveries ? `delivery ${request.key}` : request.key
    return decisionFor(key, () =>
      ask(request.body).catch((error: unknown) => {
        noteFailure(error)
        throw error
      }),
    )
  }
}
