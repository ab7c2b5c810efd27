import { parseDateTime } from '../http/date-time.ts'
import { isJsonObject, type JsonBody } from '../http/json.ts'
import { Problem } from '../http/problem.ts'
import type { CloudEvent } from './cloud-event.ts'
import { requireStorable } from './stored-size.ts'

const required = ['id', 'source', 'type'] as const
const kinds = new Map([
  ...['id', 'type', 'subject', 'datacontenttype', 'resource'].map(
    (name) => [name, 'String'] as const,
  ),
  ['source', 'UriReference'],
  ['time', 'Timestamp'],
  ['dataschema', 'Uri'],
])
const maxBytes = new Map([
  ['id', 255],
  ['type', 255],
  ['subject', 1000], // with the resource it is the partition key, which has 2,048 bytes
  ['resource', 1000],
])
const MAX_BYTES = 2048 // of any other attribute
/** The original's form of a resource (altinn-contract §8.1). */
export const genericResource = /^urn:[a-z0-9-]{1,30}(?::[a-z0-9()+,.\-;$_!/]{1,100}){1,10}$/
// Strings (CloudEvents 1.0 §2.4) have no control characters and no noncharacters.
const notAllowed = /[\p{Cc}\p{Noncharacter_Code_Point}]/u
const timestamp = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/ // RFC 3339 §5.6

/**
 * Parses a structured CloudEvent 1.0 (altinn-contract §8.1). It keeps the publisher's id, time and extensions, in the order
 * of the request, with data last. Throws a 400 with the original's sentence, or a 413 when the event is too large.
 */
export function parseGenericEvent({ text, value }: JsonBody): CloudEvent {
  const members = Object.entries(requireCloudEvent(value)).filter(([, member]) => member !== null)
  const attributes: Record<string, string> = {}
  for (const [name, member] of members)
    if (!isData(name) && name !== 'specversion') attributes[name] = attributeOf(name, member)
  const { id, source, type, resource } = requireAttributes(attributes)
  const data = dataOf(Object.fromEntries(members), attributes)
  const event = { specversion: '1.0' as const, ...attributes, id, source, type, resource, ...data }
  requireStorable(event, Buffer.byteLength(text))
  return event
}

const isTimestamp = (text: string): boolean =>
  timestamp.test(text) && typeof parseDateTime(text) === 'number'

const isData = (name: string): boolean => name === 'data' || name === 'data_base64'

function requireCloudEvent(value: unknown): object {
  if (!isJsonObject(value))
    throw new Problem(400, `Cannot decode JSON element of kind '${kindOf(value)}' as CloudEvent`)
  const { specversion }: { specversion?: unknown } = value
  if (specversion === undefined || specversion === null)
    throw new Problem(400, 'Structured mode content does not represent a CloudEvent')
  if (specversion !== '1.0')
    throw new Problem(
      400,
      `Unsupported CloudEvents spec version '${textOf(specversion).slice(0, 20)}'`,
    )
  return value
}

/** Returns the text of an attribute; numbers and booleans of extensions become text, as in the original. */
function attributeOf(name: string, value: unknown): string {
  if (name === '') throw new Problem(400, "Attribute name must be non-empty (Parameter 'name')")
  const odd = /[^a-z0-9]/.exec(name)?.[0]
  if (odd !== undefined)
    throw new Problem(
      400,
      `Invalid character '${odd}' in attribute name '${name.slice(0, 50)}' (Parameter 'name')`,
    )
  const kind = kinds.get(name)
  if (kind !== undefined && typeof value !== 'string')
    throw new Problem(
      400,
      `Invalid token type '${kindOf(value)}' for CloudEvent attribute '${name}' with type '${kind}'`,
    )
  if (typeof value === 'object' && !JSON.isRawJSON(value))
    throw new Problem(400, `Invalid token type '${kindOf(value)}' for CloudEvent attribute`)
  return requireText(name, textOf(value))
}

function requireText(name: string, text: string): string {
  if (notAllowed.test(text))
    throw new Problem(400, `The attribute '${name}' has a control character.`)
  const max = maxBytes.get(name) ?? MAX_BYTES
  if (Buffer.byteLength(text) > max)
    throw new Problem(400, `The attribute '${name}' has more than ${max} bytes.`)
  if (name === 'source' && text === '')
    throw new Problem(
      400,
      "Value for attribute 'source' is invalid: URI reference must be non-empty (Parameter 'value')",
    )
  if (name === 'time' && !isTimestamp(text))
    throw new Problem(
      400,
      "Text for attribute 'time' is invalid: Invalid timestamp (Parameter 'text')",
    )
  return text
}

function requireAttributes(attributes: Record<string, string>) {
  const missing = required.filter((name) => (attributes[name] ?? '') === '')
  if (missing.length > 0)
    throw new Problem(
      400,
      `CloudEvent is missing required attributes: ${missing.join(', ')} (Parameter 'data')`,
    )
  const { id = '', source = '', type = '', resource } = attributes
  if (resource === undefined) throw new Problem(400, "A 'resource' property must be defined.")
  if (!genericResource.test(resource)) throw new Problem(400, "'Resource' must be a valid urn.")
  return { id, source, type, resource }
}

/** Returns the data, one of two forms (CloudEvents JSON format §3.1.1); JSON without a media type is application/json. */
function dataOf(
  members: Record<string, unknown>,
  attributes: Record<string, string>,
): Partial<CloudEvent> {
  const { data, data_base64 } = members
  if (data !== undefined && data_base64 !== undefined)
    throw new Problem(400, 'The event has both data and data_base64.')
  if (data !== undefined)
    return {
      ...(attributes['datacontenttype'] === undefined && { datacontenttype: 'application/json' }),
      data,
    }
  if (data_base64 === undefined) return {}
  if (typeof data_base64 !== 'string' || !isBase64(data_base64))
    throw new Problem(400, 'data_base64 must be base64.')
  return { data_base64 }
}

const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value)

/** Returns the kind of a JSON value as .NET names it. */
function kindOf(value: unknown): string {
  if (value === null) return 'Null'
  if (Array.isArray(value)) return 'Array'
  if (typeof value === 'object' && JSON.isRawJSON(value)) return 'Number'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  const name = typeof value
  return `${name[0]?.toUpperCase()}${name.slice(1)}`
}
