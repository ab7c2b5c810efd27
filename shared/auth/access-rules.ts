import { Problem } from '../http/problem.ts'
import type { Claims } from './token-verifier.ts'

/** The caller that an Altinn token identifies. */
export interface Identity {
  /** The first of org, user, system user and organisation, as in the original (altinn-contract §3). */
  consumer: string
  org: string | undefined
  /** The plain and alternative subjects that denote the caller. */
  subjects: string[]
}

/**
 * Whether a cookie counts as the Altinn token: for reading alone. A browser adds it to what another site sends, and a form
 * there can POST. `POST /app` takes it too, beside the header PlatformAccessToken, which no other site can send.
 */
export const cookieCounts = (method: string): boolean => method === 'GET' || method === 'HEAD'

/** Returns the caller's identity. Throws a 400 when the token names no consumer. */
export function identityOf(claims: Claims): Identity {
  const org = orgOf(claims)
  const consumer =
    withPrefix('/org/', org) ??
    withPrefix('/user/', pathSegmentOf(claims['urn:altinn:userid'])) ??
    withPrefix('/systemuser/', systemUserOf(claims).id) ??
    withPrefix('/organisation/', pathSegmentOf(claims['urn:altinn:orgNumber']))
  if (consumer === undefined) throw new Problem(400, 'Missing event consumer')
  return { consumer, org, subjects: subjectsOf(claims) }
}

const orgOf = (claims: Claims): string | undefined => pathSegmentOf(claims['urn:altinn:org'])

function subjectsOf(claims: Claims): string[] {
  const subjects = [
    withPrefix('/party/', pathSegmentOf(claims['urn:altinn:partyid'])),
    withPrefix('/person/', pathSegmentOf(claims['pid'])),
    withPrefix(
      '/organisation/',
      pathSegmentOf(claims['urn:altinn:orgNumber']) ?? systemUserOf(claims).organisation,
    ),
  ]
  return subjects.filter((subject) => subject !== undefined)
}

interface RequestedFilters {
  resource: string
  subject?: string
  alternative?: string
}

/**
 * Throws a 403 unless the caller may subscribe: an app owner to its own apps, anyone to events about itself. 400 when the
 * filters name no subject. Altinn's policy decision point is not available here, so no finer rule applies.
 */
export function requireMaySubscribe({ org, subjects }: Identity, filters: RequestedFilters): void {
  if (org !== undefined && filters.resource.startsWith(`urn:altinn:resource:app_${org}_`)) return
  const about = [filters.subject, filters.alternative].filter((subject) => subject !== undefined)
  if (org === undefined && about.length === 0)
    throw new Problem(400, 'A valid subject to the authenticated identity is required')
  if (about.some((subject) => subjects.includes(subject))) return
  throw new Problem(403, `Not authorized to create a subscription for resource ${filters.resource}`)
}

/** Throws unless the caller is the org that owns the app: 401 for a caller that is no org (altinn-contract §5.1), 403 for another org. */
export function requireMayReadApp(claims: Claims, owner: string): void {
  const org = orgOf(claims)
  if (org === undefined) throw new Problem(401, 'Only orgs can call this api')
  if (org !== owner) throw new Problem(403, `Not authorized to read events of the apps of ${owner}`)
}

/** Throws a 403 unless the caller is this subject, plain or alternative. */
export function requireMayReadAbout(claims: Claims, subject: string): void {
  if (!subjectsOf(claims).includes(subject))
    throw new Problem(403, 'Not authorized to read events about this subject')
}

/** Throws a 403 unless the subscription belongs to the caller. */
export function requireOwn({ consumer }: Identity, subscription: { consumer: string }): void {
  if (subscription.consumer !== consumer)
    throw new Problem(403, 'The subscription belongs to another consumer.')
}

const withPrefix = (prefix: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : prefix + name

/** Returns a claim that is valid as a path segment (letters, digits, `-`, `_`) as text, otherwise undefined. 0 identifies nobody. */
function pathSegmentOf(claim: unknown): string | undefined {
  const text = typeof claim === 'number' ? String(claim) : claim
  return typeof text === 'string' && /^(?!0+$)[\w-]+$/.test(text) ? text : undefined
}

/** Returns the system user of a Maskinporten token and the organisation it acts for (altinn-contract §3). */
function systemUserOf(claims: Claims): {
  id: string | undefined
  organisation: string | undefined
} {
  const details: unknown[] = Array.isArray(claims['authorization_details'])
    ? claims['authorization_details']
    : []
  const detail = Object(details.find((each) => Object(each).type === 'urn:altinn:systemuser'))
  const id: unknown = Object(detail.systemuser_id)[0]
  const organisation: unknown = Object(detail.systemuser_org).ID
  return {
    id: pathSegmentOf(id),
    organisation: pathSegmentOf(
      typeof organisation === 'string' ? organisation.replace(/^0192:/, '') : undefined,
    ),
  }
}
