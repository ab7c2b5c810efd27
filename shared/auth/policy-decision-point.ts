import { fetchReason, fetchText } from '../http/fetch-text.ts'
import type { AccessQuestion } from './access-question.ts'
import { createAltinnToken, type AltinnClient } from './altinn-token.ts'
import { createDecisionCache } from './decision-cache.ts'
import { decisionRequestOf } from './xacml-request.ts'
import { parseDecision, type Decision } from './xacml-response.ts'

const limits = { timeoutMs: 2500, maxBytes: 65_536 } // real answers have 1 KB
const LOG_INTERVAL_MS = 60_000

/**
 * Returns what asks the policy decision point of Altinn (XACML 3.0, altinn-contract §8.2), or knows what it has answered. Undefined
 * is a question that cannot be asked. Throws where there is no decision, which is logged once a minute.
 */
export function createPolicyDecisionPoint(
  client: AltinnClient,
  write: (line: string) => void = (line) => console.log(line), // of many invocations: they share the question
): (question: AccessQuestion) => Promise<Decision | undefined> {
  const token = createAltinnToken(client)
  const decisionFor = createDecisionCache()
  const url = `${client.platformUrl}/authorization/api/v1/authorize`
  let loggedAt = -Infinity

  async function ask(body: string): Promise<Decision> {
    const headers = {
      authorization: `Bearer ${await token.current()}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'ocp-apim-subscription-key': client.subscriptionKey,
    }
    return parseDecision(await fetchText(url, limits, { method: 'POST', headers, body }))
  }
  function noteFailure(error: unknown): void {
    if (error instanceof Error && error.cause === 401) token.refused()
    if (Date.now() - loggedAt < LOG_INTERVAL_MS) return
    loggedAt = Date.now()
    write(JSON.stringify({ what: 'access.failing', url, reason: fetchReason(error, limits) }))
  }
  return async (question) => {
    const request = decisionRequestOf(question)
    if (request === undefined) return undefined
    return decisionFor(request.key, () =>
      ask(request.body).catch((error: unknown) => {
        noteFailure(error)
        throw error
      }),
    )
  }
}
