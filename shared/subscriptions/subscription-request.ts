import Joi from 'joi'
import { appResourcePattern } from '../events/cloud-event.ts'
import { alternativeOf } from '../events/event-document.ts'
import { type JsonBody, membersOf, requireObject } from '../http/json.ts'
import { Problem, validationProblem } from '../http/problem.ts'
import { appInFilter, type Filters } from './subscription.ts'

/** A valid subscription request, except for its endpoint. */
export interface SubscriptionRequest {
  endpoint: string
  filters: Filters
  maxPerSecond?: number
  ordered?: true
}

interface RequestBody extends PreviewBody {
  endPoint: string
}

/** What can be looked at before there is an endpoint. */
export type PreviewRequest = Omit<SubscriptionRequest, 'endpoint'>

interface PreviewBody {
  endPoint?: string
  sourceFilter?: string
  subjectFilter?: string
  resourceFilter?: string
  alternativeSubjectFilter?: string
  typeFilter?: string
  includeSubunits?: boolean
  maxPerSecond?: number
  ordered?: boolean
}

const INVALID_ENDPOINT = 'Missing or invalid endpoint to push events towards'
// An empty filter would silently match nothing, as in the original (altinn-contract §5.5).
const filter = Joi.string()
  .max(2048)
  .messages({ 'string.empty': '{{#label}} must not be empty: leave it out' })

// In the original's order of checks (altinn-contract §8.4): `detail` is the first violation.
const members = {
  endPoint: Joi.string().required().messages({ '*': INVALID_ENDPOINT }),
  sourceFilter: filter.uri({ scheme: /[Hh][Tt][Tt][Pp][Ss]/ }).messages({
    'string.uriCustomScheme': 'SourceFilter must be an absolute URL with the https scheme.',
  }),
  resourceFilter: filter
    .pattern(/^urn:[a-z0-9][a-z0-9-]{0,31}:\S+$/i)
    .messages({ 'string.pattern.base': 'Resource filter must be a valid urn' }),
  subjectFilter: filter.max(1024).when('resourceFilter', {
    is: Joi.string().pattern(appResourcePattern, { invert: true }).required(),
    otherwise: Joi.string()
      .pattern(/^(?:\/party\/\d{1,20}|urn:\S+)$/)
      .message(
        '{{#label}} must have the form /party/\\{partyId}, digits, or be a urn: no event of an app has another',
      ),
  }),
  alternativeSubjectFilter: filter,
  typeFilter: filter.max(255),
  includeSubunits: Joi.boolean().strict(),
  maxPerSecond: Joi.number().integer().min(1).max(1000),
  ordered: Joi.boolean().strict(),
}
const prefs = { abortEarly: false, convert: false, stripUnknown: true }
const schema = Joi.object<RequestBody>(members).prefs(prefs)
const previewSchema = Joi.object<PreviewBody>({
  ...members,
  endPoint: members.endPoint.optional(),
}).prefs(prefs)
const memberNames = new Map(Object.keys(members).map((name) => [name.toLowerCase(), name]))

/** Returns the members of a request by their own names, whatever their case; null means absent. */
function givenMembers({ text, value }: JsonBody): Record<string, unknown> {
  const object = requireObject(value, 'one subscription')
  const given = [...membersOf(text, object)].filter(([, member]) => member !== null)
  return Object.fromEntries(given.map(([name, member]) => [memberNames.get(name) ?? name, member]))
}

/** Returns the endpoint in a request, which is checked before all else; undefined where there is no text. Throws a 400. */
export function endpointIn(body: JsonBody): string | undefined {
  const { endPoint } = givenMembers(body)
  return typeof endPoint === 'string' && endPoint !== '' ? endPoint : undefined
}

/**
 * Returns whether a request is for a resource that is no app's. The original then checks the scope, after the source filter
 * and before the rest (altinn-contract §8.4).
 */
export function isGenericRequest(body: JsonBody): boolean {
  const { resourceFilter, sourceFilter } = givenMembers(body)
  const { error } = schema.extract('sourceFilter').validate(sourceFilter, prefs)
  const isGeneric = typeof resourceFilter === 'string' && !appResourcePattern.test(resourceFilter)
  return isGeneric && error === undefined
}

/**
 * Parses the request, with the original's members in any case and its messages (altinn-contract §5.3, §8.4). Without a
 * register no subunits can be included. Throws a 400.
 */
export function parseSubscriptionRequest(
  body: JsonBody,
  hasRegister: boolean,
): SubscriptionRequest {
  const { value, error } = schema.validate(givenMembers(body))
  if (error !== undefined) throw validationProblem(error.details)
  return { endpoint: value.endPoint, ...previewOf(value, hasRegister) }
}

/** Parses a request as `parseSubscriptionRequest` does, though its endpoint may be absent. Throws a 400. */
export function parsePreviewRequest(body: JsonBody, hasRegister: boolean): PreviewRequest {
  const { value, error } = previewSchema.validate(givenMembers(body))
  if (error !== undefined) throw validationProblem(error.details)
  return previewOf(value, hasRegister)
}

function previewOf(value: PreviewBody, hasRegister: boolean): PreviewRequest {
  const { resourceFilter } = value
  if (resourceFilter !== undefined && !appResourcePattern.test(resourceFilter))
    rejectForGeneric(value)
  if ((resourceFilter ?? value.sourceFilter) === undefined)
    throw new Problem(400, 'Resource filter is required.')
  const includeSubunits = value.includeSubunits === true
  if (includeSubunits) requireUnit(value, hasRegister)
  const { subjectFilter: subject, alternativeSubjectFilter: alternative, typeFilter: type } = value
  const { maxPerSecond, ordered } = value
  return {
    filters: {
      ...targetOf(value),
      ...(subject !== undefined && { subject }),
      ...(alternative !== undefined && { alternative: alternativeOf(alternative) }),
      ...(type !== undefined && { type }),
      ...(includeSubunits && { includeSubunits }),
    },
    ...(maxPerSecond !== undefined && { maxPerSecond }),
    ...(ordered === true && { ordered }),
  }
}

/** Throws a 400 for the filters that a generic subscription cannot have. */
function rejectForGeneric({ sourceFilter, alternativeSubjectFilter }: PreviewBody): void {
  if (sourceFilter !== undefined) throw notSupported('Source')
  if (alternativeSubjectFilter !== undefined) throw notSupported('AlternativeSubject')
}

const notSupported = (name: string): Problem =>
  new Problem(400, `${name} filter is not supported for subscriptions on this resource.`)

/** Returns the resource, and the source where that is given: then the resource is that of its app. */
function targetOf({
  resourceFilter,
  sourceFilter,
}: PreviewBody): Pick<Filters, 'resource' | 'source'> {
  const resource = resourceFilter?.toLowerCase() ?? ''
  if (sourceFilter === undefined) return { resource }
  const app = appInFilter(sourceFilter)
  if (app === undefined)
    throw new Problem(400, 'A valid app id is required in source filter {environment}/{org}/{app}')
  if (resource !== '' && resource !== app.resource)
    throw new Problem(400, 'Provided resource filter and source filter are not compatible')
  return app
}

/** Throws a 400 unless a request names a unit, which may be by a number that the register finds the party of. */
function requireUnit(
  { subjectFilter, alternativeSubjectFilter }: PreviewBody,
  hasRegister: boolean,
): void {
  const isFound = hasRegister && namesParty(alternativeOf(alternativeSubjectFilter ?? ''))
  if (subjectFilter === undefined && !isFound)
    throw new Problem(400, 'IncludeSubunits requires a subject filter.')
  if (!hasRegister)
    throw new Problem(
      400,
      'IncludeSubunits needs a register of organisations, which this service does not have.',
    )
}

/** Whether an alternative subject names a party by a number that a register can look up. */
export const namesParty = (alternative: string): boolean =>
  /^\/(?:organisation|person)\//.test(alternative)

/** Returns a 400 with the original's message and the fault of the endpoint. */
export const endpointProblem = (fault: string): Problem =>
  new Problem(400, `${INVALID_ENDPOINT}: it ${fault}.`)
