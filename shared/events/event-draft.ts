import Joi from 'joi'
import { membersOf } from '../http/json.ts'
import { Problem, problemOf } from '../http/problem.ts'
import { faultOfSource } from './source.ts'

/** What a publisher says of an event: the members that count, checked. */
export interface EventDraft {
  type: string
  source: string
  subject: string
  specversion: string
  alternativesubject?: string
  data?: unknown
  dataschema?: string
  contenttype?: string
}

const MISSING_MEMBERS = 'Missing parameter values: source, subject and type cannot be null' // the original's sentence, §4.4
const MAX_STORED_BYTES = 1_900_000 // bytes: an item of Cosmos DB has 2 MB, a little of which is not the event
const MAX_GROWTH = 4.5 // `1e20,` is stored with 21 digits
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w!#$&^.+-]+=("[^"\\]*"|[\w!#$&^.+-]+))*$/

/** Text as CloudEvents 1.0 §2.4 has it: no control characters, no noncharacters. */
const text = Joi.string()
  .pattern(/[\p{Cc}\p{Noncharacter_Code_Point}]/u, { invert: true })
  .message('{{#label}} has a control character')

const schema = Joi.object<EventDraft>({
  type: text.max(255).required(),
  source: text.max(2048).required().custom(rejecting(faultOfSource)),
  subject: text
    .pattern(/^\/party\/\d{1,20}$/)
    .message('{{#label}} must have the form /party/\\{partyId}, digits')
    .required(),
  specversion: text.max(255).required(),
  alternativesubject: text.max(2048),
  data: Joi.any(),
  dataschema: text.max(2048).uri(),
  contenttype: text
    .max(255)
    .pattern(mediaType)
    .message('{{#label}} must be a media type, such as application/json'),
}).prefs({ abortEarly: false, convert: false, stripUnknown: true })

function rejecting(fault: (value: string) => string | undefined): Joi.CustomValidator<string> {
  return (value, helpers) => {
    const reason = fault(value)
    return reason === undefined ? value : helpers.message({ custom: `{{#label}} ${reason}` })
  }
}

/** What .NET's System.Net.Mime.ContentType serialises to, an object, as the media type in it; anything else as it is. */
function mediaTypeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.entries(value).find(([name]) => name.toLowerCase() === 'mediatype')?.[1] ?? null
}

/**
 * The draft in a request body (altinn-contract §4.4). Null counts as absent everywhere, an empty text everywhere but in
 * `data`. A 400 names every violation; 413 where it grows too large to be stored.
 */
export function parseEventDraft({
  text: body,
  value,
}: {
  text: string
  value: unknown
}): EventDraft {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Problem(400, 'The body must be a JSON object: one cloud event.')
  const members = [...membersOf(body, value)]
    .map(([name, member]) => [name, name === 'contenttype' ? mediaTypeOf(member) : member])
    .filter(([name, member]) => member !== null && (member !== '' || name === 'data'))
  const { value: draft, error } = schema.validate(Object.fromEntries(members))
  if (error === undefined) return requireStorable(draft, body.length)
  const missing = error.details.some(({ type }) => type === 'any.required')
  throw problemOf(error.details, missing ? MISSING_MEMBERS : undefined)
}

/** Numbers may be longer as they are stored than as they were sent. */
function requireStorable(draft: EventDraft, length: number): EventDraft {
  if (length * MAX_GROWTH <= MAX_STORED_BYTES) return draft
  const bytes = Buffer.byteLength(JSON.stringify(draft))
  if (bytes <= MAX_STORED_BYTES) return draft
  throw new Problem(
    413,
    `The event has ${bytes} bytes as it is stored; the limit is ${MAX_STORED_BYTES}.`,
  )
}
