import { Problem } from '../http/problem.ts'
import type { Scope } from './event-scope.ts'
import { alternativeOf } from './event-document.ts'
import { isEventId, parametersOf, parsePatterns } from './read-request.ts'
import { readWatermark } from './read-watermark.ts'

/** A valid request for a page of the events of a resource. */
export interface GenericReadRequest {
  scope: Scope & { resource: string }
  /** The last event as the reader has it, or the document that `next` names. */
  after: { event: string } | { document: string }
  /** A document's id, exclusive. */
  until: string
  /** LIKE patterns, one of which must match; empty matches everything. */
  types: string[]
  size: number
}

const PREFIX = 'urn:altinn:resource:'
const DEFAULT_SIZE = 50
const MAX_SIZE = 1000
const cursor = /^cursor:(.*)$/
const integer = /^[+-]?\d{1,9}$/ // the original's has 32 bits

/**
 * Parses the query of `GET /events`, and the header for an alternative subject, with the original's messages and order of
 * checks (altinn-contract §8.3). Throws a 400 for the first violation.
 */
export function parseGenericReadRequest(
  { url, headers }: { url: string; headers: Headers },
  watermarkSeconds: number,
): GenericReadRequest {
  const given = parametersOf(url)
  const first = (name: string) => given.get(name)?.find((value) => value !== '')
  const [resource, after, subject] = ['resource', 'after', 'subject'].map(first)
  if (resource === undefined) throw new Problem(400, 'The resource field is required.')
  const size = sizeOf(first('size'))
  if (!resource.startsWith(PREFIX))
    throw new Problem(400, `The 'resource' parameter must begin with \`${PREFIX}\``)
  if (after === undefined) throw new Problem(400, "The 'after' parameter must be defined.")
  return {
    scope: { resource, ...subjectOf(subject, headers.get('altinn-alternativesubject') ?? '') },
    after: positionOf(after),
    until: readWatermark(watermarkSeconds),
    types: parsePatterns('type', given),
    size,
  }
}

function sizeOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_SIZE
  if (!integer.test(text)) throw new Problem(400, `The value '${text}' is not valid.`)
  return Number(text) < 1 ? DEFAULT_SIZE : Math.min(Number(text), MAX_SIZE)
}

function subjectOf(subject: string | undefined, alternative: string): Omit<Scope, 'resource'> {
  if (subject !== undefined && alternative !== '')
    throw new Problem(400, "Only one of 'subject' or 'alternativeSubject' can be defined.")
  if (subject !== undefined) return { subject }
  return alternative === '' ? {} : { alternative: alternativeOf(alternative) }
}

function positionOf(after: string): GenericReadRequest['after'] {
  const document = cursor.exec(after)?.[1]
  return document !== undefined && isEventId(document) ? { document } : { event: after }
}
