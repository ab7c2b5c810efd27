import Joi from 'joi'
import { isJsonObject, type JsonBody, membersOf, requireObject } from '../http/json.ts'
import { validationProblem } from '../http/problem.ts'
import { faultOfSource } from './source.ts'
import { requireStorable } from './stored-size.ts'

/** The valid members of an event in a publisher's request. */
export interface EventDraft {
  type: string
  source: string
  subject: string
  specversion: string
  alternativesubject?: string
  data?: unknown
  data_base64?: string
  dataschema?: string
  contenttype?: string
}

const MISSING_MEMBERS = 'Missing parameter values: source, subject and type cannot be null' // the original's sentence, §4.4
const mediaType = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w!#$&^.+-]+=("[^"\\]*"|[\w!#$&^.+-]+))*$/

/** A CloudEvents string (1.0 §2.4): no control characters, no noncharacters. */
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
  data_base64: Joi.string().base64().message('{{#label}} must be base64'),
  dataschema: text.max(2048).uri(),
  contenttype: text
    .max(255)
    .pattern(mediaType)
    .message('{{#label}} must be a media type, such as application/json'),
})
const prefs = { abortEarly: false, convert: false, stripUnknown: true }

function rejecting(fault: (value: string) => string | undefined): Joi.CustomValidator<string> {
  return (value, helpers) => {
    const reason = fault(value)
    return reason === undefined ? value : helpers.message({ custom: `{{#label}} ${reason}` })
  }
}

/** Returns the media type in a serialised System.Net.Mime.ContentType of .NET, or any other value unchanged. */
function mediaTypeOf(value: unknown): unknown {
  if (!isJsonObject(value)) return value
  return Object.entries(value).find(([name]) => name.toLowerCase() === 'mediatype')?.[1] ?? null
}

/**
 * Parses the draft in a request body (altinn-contract §4.4). Null means absent, as does an empty string outside `data`.
 * Throws a 400 that names every violation, or a 413 when the stored event would be too large.
 */
export function parseEventDraft({ text: body, value }: JsonBody): EventDraft {
  const object = requireObject(value, 'one cloud event')
  const members = [...membersOf(body, object)]
    .map(([name, member]) => [name, name === 'contenttype' ? mediaTypeOf(member) : member])
    .filter(([name, member]) => member !== null && (member !== '' || name === 'data'))
  const { value: draft, error } = schema.validate(Object.fromEntries(members), prefs)
  if (error === undefined) {
    requireStorable(draft, Buffer.byteLength(body))
    return draft
  }
  const missing = error.details.some(({ type }) => type === 'any.required')
  throw validationProblem(error.details, missing ? MISSING_MEMBERS : undefined)
}
