import Joi from 'joi'
import { appResourcePattern } from '../events/cloud-event.ts'
import { alternativeOf } from '../events/event-document.ts'
import { type JsonBody, membersOf, requireObject } from '../http/json.ts'
import { violationsOf, violationsProblem, type Violation } from '../http/problem.ts'
import { appInFilter, type Filters } from './subscription.ts'
import { violationsBetween, type SoundMembers } from './subscription-violations.ts'

/** A valid subscription request, except for its endpoint. */
export interface SubscriptionRequest {
  endpoint: string
  filters: Filters
  maxPerSecond?: number
  ordered?: true
}

/** What can be looked at before there is an endpoint. */
export type PreviewRequest = Omit<SubscriptionRequest, 'endpoint'>

/** What the service knows beside the request. */
export interface Circumstances {
  /** Without a register no subunits can be included. */
  hasRegister: boolean
  /** What is wrong with the endpoint beside its form, as the end of a sentence ("it must …"). */
  endpointFault?: string | undefined
}

const INVALID_ENDPOINT = 'Missing or invalid endpoint to push events towards'
const filter = Joi.string().max(2048)

// In the original's order of checks (altinn-contract §8.4): `detail` is the first violation.
const members = {
  endPoint: Joi.string().required(),
  sourceFilter: filter
    .uri({ scheme: /[Hh][Tt][Tt][Pp][Ss]/ })
    .message('SourceFilter must be an absolute URL with the https scheme.'),
  resourceFilter: filter
    .pattern(/^urn:[a-z0-9][a-z0-9-]{0,31}:\S+$/i)
    .message('Resource filter must be a valid urn'),
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
const prefs = {
  abortEarly: false,
  convert: false,
  stripUnknown: true,
  // It would silently match nothing, as in the original (altinn-contract §5.5).
  messages: { 'string.empty': '{{#label}} must not be empty: leave it out' },
}
const schema = Joi.object<SoundMembers & { endPoint: string }>(members)
const previewSchema = Joi.object<SoundMembers>({
  ...members,
  endPoint: members.endPoint.optional(),
})
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
 * Parses the request, with the original's members in any case and its messages (altinn-contract §5.3, §8.4). Throws a 400 that
 * names every violation; its `detail` is what the original would have found first.
 */
export function parseSubscriptionRequest(
  body: JsonBody,
  circumstances: Circumstances,
): SubscriptionRequest {
  const result = schema.validate(givenMembers(body), prefs)
  rejectViolations(result, circumstances)
  return { endpoint: result.value.endPoint, ...previewOf(result.value) }
}

/** Parses a request as `parseSubscriptionRequest` does, though its endpoint may be absent. Throws a 400. */
export function parsePreviewRequest(body: JsonBody, circumstances: Circumstances): PreviewRequest {
  const result = previewSchema.validate(givenMembers(body), prefs)
  rejectViolations(result, circumstances)
  return previewOf(result.value)
}

/** Throws a 400 for what is wrong with the endpoint, with single members, and with sound ones beside each other, in this order. */
function rejectViolations(
  { error, value }: Joi.ValidationResult<SoundMembers>,
  { endpointFault, hasRegister }: Circumstances,
): void {
  const details = error?.details ?? []
  const isWrong = (name: string) => details.some(({ path }) => path[0] === name)
  const sound = Object.fromEntries(Object.entries(value).filter(([name]) => !isWrong(name)))
  const violations: Violation[] = [
    ...(endpointFault === undefined
      ? []
      : [{ pointer: '/endPoint', detail: `${INVALID_ENDPOINT}: it ${endpointFault}.` }]),
    ...violationsOf(details).map(asOriginal),
    ...violationsBetween(sound, { given: Object.keys(value), hasRegister }),
  ]
  if (violations.length > 0) throw violationsProblem(violations)
}

/** The original has one sentence for whatever is wrong with an endpoint. */
const asOriginal = (violation: Violation): Violation =>
  violation.pointer === '/endPoint' ? { ...violation, detail: INVALID_ENDPOINT } : violation

function previewOf(asked: SoundMembers): PreviewRequest {
  const { subjectFilter: subject, alternativeSubjectFilter: alternative, ...rest } = asked
  const { typeFilter: type, includeSubunits, maxPerSecond, ordered } = rest
  return {
    filters: {
      ...targetOf(asked),
      ...(subject !== undefined && { subject }),
      ...(alternative !== undefined && { alternative: alternativeOf(alternative) }),
      ...(type !== undefined && { type }),
      ...(includeSubunits === true && { includeSubunits }),
    },
    ...(maxPerSecond !== undefined && { maxPerSecond }),
    ...(ordered === true && { ordered }),
  }
}

/** Returns the resource, and the source where that is given: then the resource is that of its app. */
const targetOf = ({
  resourceFilter = '',
  sourceFilter,
}: SoundMembers): Pick<Filters, 'resource' | 'source'> =>
  (sourceFilter === undefined ? undefined : appInFilter(sourceFilter)) ?? {
    resource: resourceFilter.toLowerCase(),
  }
