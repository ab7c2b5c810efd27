import Joi from 'joi'
import { parseJsonAnswer } from '../http/json.ts'

/** A decision: whether it permits, and the authentication levels that it obliges callers and orgs to have; 0 is none. */
export interface Decision {
  isPermit: boolean
  minimumLevel: number
  minimumLevelOfOrgs: number
}

interface Obligation {
  AttributeAssignment: { Category: string; Value: number }[]
}

interface Response {
  Response: [{ Decision: string; Obligations?: unknown[] | null }]
}

const LEVEL = 'urn:altinn:minimum-authenticationlevel'
const LEVEL_OF_ORGS = `${LEVEL}-org`

const oneDecision = Joi.object<Response>({
  Response: Joi.array()
    .length(1)
    .items(
      Joi.object({
        Decision: Joi.valid('Permit', 'Deny', 'NotApplicable').required(),
        Obligations: Joi.array().allow(null),
      }).unknown(),
    )
    .required(),
})
  .unknown()
  .required()

const understood = Joi.array<Obligation[]>().items(
  Joi.object({
    AttributeAssignment: Joi.array()
      .items(
        Joi.object({
          Category: Joi.valid(LEVEL, LEVEL_OF_ORGS).required(),
          Value: Joi.number().integer().min(0).max(9).required(),
        }).unknown(),
      )
      .min(1)
      .required(),
  }).unknown(),
)

const refusal: Decision = { isPermit: false, minimumLevel: 0, minimumLevelOfOrgs: 0 }

/**
 * Returns the one decision of a response. Only Permit permits, and only with obligations that are understood (XACML 3.0 §7.18):
 * Altinn's say how the caller must have been authenticated. Throws for what is no decision: several, Indeterminate, no JSON.
 */
export function parseDecision(text: string): Decision {
  const { value, error } = oneDecision.validate(parseJsonAnswer(text), { convert: false })
  if (error !== undefined) throw new Error('no single decision')
  const [{ Decision: decision, Obligations }] = value.Response
  const obligations = understood.validate(Obligations ?? [])
  if (decision !== 'Permit' || obligations.error !== undefined) return refusal
  const assignments = obligations.value.flatMap(({ AttributeAssignment }) => AttributeAssignment)
  const max = (category: string) =>
    Math.max(
      0,
      ...assignments.filter(({ Category }) => Category === category).map(({ Value }) => Value),
    )
  const minimumLevel = max(LEVEL)
  const hasOther = assignments.some(({ Category }) => Category === LEVEL_OF_ORGS)
  const minimumLevelOfOrgs = hasOther ? Math.min(minimumLevel, max(LEVEL_OF_ORGS)) : minimumLevel
  return { isPermit: true, minimumLevel, minimumLevelOfOrgs }
}
