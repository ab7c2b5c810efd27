import Joi from 'joi'
import { alternativeOf } from '../events/event-document.ts'
import { type JsonBody, membersOf, requireObject } from '../http/json.ts'
import { Problem, validationProblem } from '../http/problem.ts'
import { type Filters, resourceOfSource } from './subscription.ts'

/** A valid subscription request, except that its endpoint's address is not checked yet. */
export interface SubscriptionRequest {
  endpoint: string
  filters: Filters
}

interface RequestBody {
  endpoint: string
  sourcefilter?: string
  subjectfilter?: string
  resourcefilter?: string
  alternativesubjectfilter?: string
  typefilter?: string
  includesubunits?: boolean
}

const INVALID_ENDPOINT = 'Missing or invalid endpoint to push events towards'
// An empty filter would silently match nothing, as in the original (altinn-contract §5.5).
const filter = Joi.string()
  .max(2048)
  .messages({ 'string.empty': '{{#label}} must not be empty: leave it out' })

const schema = Joi.object<RequestBody>({
  endpoint: Joi.string().required().messages({ '*': INVALID_ENDPOINT }),
  sourcefilter: filter.uri({ scheme: 'https' }).messages({
    'string.uriCustomScheme': 'SourceFilter must be an absolute URL with the https scheme.',
  }),
  subjectfilter: filter,
  resourcefilter: filter
    .pattern(/^urn:[a-z0-9][a-z0-9-]{0,31}:\S+$/i)
    .messages({ 'string.pattern.base': 'Resource filter must be a valid urn' }),
  alternativesubjectfilter: filter,
  typefilter: filter,
  includesubunits: Joi.boolean().strict(),
}).prefs({ abortEarly: false, convert: false, stripUnknown: true })

/**
 * Parses the request, with member names in any case and the original's messages (altinn-contract §5.3). Throws a 400.
 */
export function parseSubscriptionRequest({ text, value }: JsonBody): SubscriptionRequest {
  const object = requireObject(value, 'one subscription')
  const given = [...membersOf(text, object)].filter(([, member]) => member !== null)
  const { value: members, error } = schema.validate(Object.fromEntries(given))
  if (error !== undefined) throw validationProblem(error.details)
  rejectSubunits(members)
  const {
    subjectfilter: subject,
    alternativesubjectfilter: alternative,
    typefilter: type,
  } = members
  return {
    endpoint: members.endpoint,
    filters: {
      resource: resourceFor(members),
      ...(members.sourcefilter !== undefined && {
        source: members.sourcefilter.replace(/\/+$/, ''),
      }),
      ...(subject !== undefined && { subject }),
      ...(alternative !== undefined && { alternative: alternativeOf(alternative) }),
      ...(type !== undefined && { type }),
    },
  }
}

function resourceFor({ resourcefilter, sourcefilter }: RequestBody): string {
  const resource = resourcefilter?.toLowerCase()
  if (sourcefilter === undefined) {
    if (resource === undefined) throw new Problem(400, 'Resource filter must be a valid urn')
    return resource
  }
  const derived = resourceOfSource(sourcefilter)
  if (derived === undefined)
    throw new Problem(400, 'A valid app id is required in source filter {environment}/{org}/{app}')
  if (resource !== undefined && resource !== derived)
    throw new Problem(400, 'Provided resource filter and source filter are not compatible')
  return derived
}

function rejectSubunits({ includesubunits, subjectfilter }: RequestBody): void {
  if (includesubunits !== true) return
  if (subjectfilter === undefined)
    throw new Problem(400, 'IncludeSubunits requires a subject filter.')
  throw new Problem(
    400,
    'IncludeSubunits needs a register of organisations, which this service does not have.',
  )
}

/** Returns a 400 with the original's message and the fault of the endpoint. */
export const endpointProblem = (fault: string): Problem =>
  new Problem(400, `${INVALID_ENDPOINT}: it ${fault}.`)
