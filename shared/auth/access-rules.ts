import { Problem } from '../http/problem.ts'
import type { Claims } from './token-verifier.ts'

/** What a caller's Altinn token says of who it is. */
export interface Identity {
  /** As the original derives it (altinn-contract §3): the first of org, user, system user, organisation. */
  consumer: string
  org: string | undefined
  /** The subjects, plain and alternative, that are the caller itself. */
  subjects: string[]
}

/** Who calls. 400 where the token names nobody that could subscribe. */
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

/** What a subscriber asks to be told of. */
interface RequestedFilters {
  resource: string
  subject?: string
  alternative?: string
}

/**
 * May they subscribe to this? Default deny: an app owner to its own apps, anyone to events about itself. Altinn's policy
 * decision point is not at hand, so nothing finer is decided here.
 */
export function requireMaySubscribe({ org, subjects }: Identity, filters: RequestedFilters): void {
  if (org !== undefined && filters.resource.startsWith(`urn:altinn:resource:app_${org}_`)) return
  const about = [filters.subject, filters.alternative].filter((subject) => subject !== undefined)
  if (org === undefined && about.length === 0)
    throw new Problem(400, 'A valid subject to the authenticated identity is required')
  if (about.some((subject) => subjects.includes(subject))) return
  throw new Problem(403, `Not authorized to create a subscription for resource ${filters.resource}`)
}

/** May they read an app's events? Only the org that owns it: 401 for who is no org (altinn-contract §5.1), 403 for others. */
export function requireMayReadApp(claims: Claims, owner: string): void {
  const org = orgOf(claims)
  if (org === undefined) throw new Problem(401, 'Only orgs can call this api')
  if (org !== owner) throw new Problem(403, `Not authorized to read events of the apps of ${owner}`)
}

/** May they read events about this subject, plain or alternative, whatever the app? Only who is the subject: 403. */
export function requireMayReadAbout(claims: Claims, subject: string): void {
  if (!subjectsOf(claims).includes(subject))
    throw new Problem(403, 'Not authorized to read events about this subject')
}

/** Is it theirs? 403 if not: who may know that it exists may not know more. */
export function requireOwn({ consumer }: Identity, subscription: { consumer: string }): void {
  if (subscription.consumer !== consumer)
    throw new Problem(403, 'The subscription belongs to another consumer.')
}

const withPrefix = (prefix: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : prefix + name

/** A claim that can stand in a path as it is: letters, digits, `-`, `_`; numbers count too, but 0 is nobody. */
function pathSegmentOf(claim: unknown): string | undefined {
  const text = typeof claim === 'number' ? String(claim) : claim
  return typeof text === 'string' && /^(?!0+$)[\w-]+$/.test(text) ? text : undefined
}

/** The system user of a Maskinporten token and the organisation that it acts for (altinn-contract §3). */
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
