import type { Grant } from '../access-grants.ts'
import { Problem } from '../http/problem.ts'
import type { Access, AccessQuestion } from './access-question.ts'
import { isGranted } from './access-rules.ts'
import type { DocumentGrants } from './grants-document.ts'
import type { AltinnClient } from './altinn-token.ts'
import type { ServiceState } from '../telemetry/service-state.ts'
import { createPolicyDecisionPoint } from './policy-decision-point.ts'
import type { Decision } from './xacml-response.ts'

/** Who decides beyond the built-in rules: the grants of a setting, else of a document, or the policy decision point. */
export type AccessSettings = { grants: Grant[] | undefined } | { policy: AltinnClient }

interface Options {
  documentGrants: () => Promise<DocumentGrants>
  /** Takes how the policy decision point answers. */
  policyState?: Pick<ServiceState, 'answered' | 'failed'> | undefined
}

/** Returns what answers whether someone may do something that no built-in rule permits. */
export function createAccess(
  settings: AccessSettings,
  { documentGrants, policyState = { answered: () => {}, failed: () => {} } }: Options,
): Access {
  if ('grants' in settings) {
    const { grants } = settings
    return {
      decidedBy: 'grants',
      isPermitted: async (question) => {
        const found = grants === undefined ? await documentGrants() : { grants, isCertain: true }
        const isPermitted = isGranted(found.grants, question)
        if (!isPermitted && question.endsDeliveries && !found.isCertain)
          throw new Error('The document of grants is not known for certain now.')
        return isPermitted
      },
    }
  }
  const decide = createPolicyDecisionPoint(settings.policy, policyState)
  return {
    decidedBy: 'policy',
    isPermitted: async (question) => isSatisfiedBy(await decisionOn(question), question),
  }

  async function decisionOn(question: AccessQuestion): Promise<Decision | undefined> {
    try {
      return await decide(question)
    } catch {
      throw undecided() // why is logged where it is asked
    }
  }
}

/** Whether a decision permits, and the caller was authenticated as it obliges to. */
function isSatisfiedBy(decision: Decision | undefined, { who }: AccessQuestion): boolean {
  if (decision?.isPermit !== true) return false
  const isOrg = who.consumer.startsWith('/org/')
  return who.level >= (isOrg ? decision.minimumLevelOfOrgs : decision.minimumLevel)
}

const undecided = (): Problem =>
  new Problem(
    503,
    'Access cannot be decided now: the policy decision point does not decide. Try again.',
  )
