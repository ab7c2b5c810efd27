import Joi from 'joi'
import { parseJsonOrUndefined } from './http/json.ts'

/** What the operator allows beside the built-in rules: `who` may do `action` with the resources that `resource` names. */
export interface Grant {
  /** A urn in lower case; a `*` at its end stands for any text. */
  resource: string
  action: 'publish' | 'subscribe' | 'read'
  /** A consumer, such as /org/skd, or `*` for anyone with the scope of the action. */
  who: string
}

const schema = Joi.array<Grant[]>().items(
  Joi.object<Grant>({
    resource: Joi.string()
      .pattern(/^urn:[a-z0-9-]{1,30}:[^*A-Z\s]*\*?$/)
      .message('{{#label}} must be a urn in lower case, with * at its end at most')
      .required(),
    action: Joi.valid('publish', 'subscribe', 'read').required(),
    who: Joi.string()
      .pattern(/^(?:\*|\/(?:org|user|systemuser|organisation)\/[\w-]+)$/)
      .message('{{#label}} must be a consumer, such as /org/skd, or *')
      .required(),
  }),
)

/** Parses the setting ACCESS_GRANTS, a JSON list. Throws an error that names the wrong entry. */
export const parseGrants = (text: string): Grant[] => parseGrantList(parseJsonOrUndefined(text))

/** Returns a list of grants. Throws an error that names the wrong entry. */
export function parseGrantList(list: unknown): Grant[] {
  if (!Array.isArray(list))
    throw new Error('it must be a JSON list of { "resource", "action", "who" }')
  const { value, error } = schema.validate(list)
  if (error !== undefined) throw new Error(`entry ${error.message}`)
  return value
}
