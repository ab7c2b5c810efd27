import { Problem } from './problem.ts'
import type { Filters } from './subscription.ts'
import type { Claims } from './verify-token.ts'

/** What a caller's Altinn token says of who it is. */
export interface Identity {
  /** As the original derives it (altinn-contract §3): the first of org, user, system user, organisation. */
  consumer: string
  org: string | undefined
  /** The subjects, plain and alternative, that are the caller itself. */
  subjects: string[]
}

/** Who calls. 400 where the token names nobody that could subscribe or read. */
export function identityOf(claims: Claims): Identity {
  const org = textOf(claims['urn:altinn:org'])
  const user = textOf(claims['urn:altinn:userid'])
  const number = textOf(claims['urn:altinn:orgNumber'])
  const system = systemUserOf(claims)
  const consumer =
    named('/org/', org) ??
    named('/user/', user) ??
    named('/systemuser/', system.id) ??
    named('/organisation/', number)
  if (consumer === undefined) throw new Problem(400, 'Missing event consumer')
  const subjects = [
    named('/party/', textOf(claims['urn:altinn:partyid'])),
    named('/person/', textOf(claims['pid'])),
    named('/organisation/', number ?? system.organisation),
  ]
  return { consumer, org, subjects: subjects.filter((subject) => subject !== undefined) }
}

/**
 * May they subscribe to this? Default deny: an app owner to its own apps, anyone to events about itself. Altinn's policy
 * decision point is not at hand, so nothing finer is decided here.
 */
export function requireMaySubscribe({ org, subjects }: Identity, filters: Filters): void {
  if (org !== undefined && filters.resource.startsWith(`urn:altinn:resource:app_${org}_`)) return
  const about = [filters.subject, filters.alternative].filter((subject) => subject !== undefined)
  if (org === undefined && about.length === 0)
    throw new Problem(400, 'A valid subject to the authenticated identity is required')
  if (about.some((subject) => subjects.includes(subject))) return
  throw new Problem(403, `Not authorized to create a subscription for resource ${filters.resource}`)
}

/** Is it theirs? 403 if not: who may know that it exists may not know more. */
export function requireOwn({ consumer }: Identity, subscription: { consumer: string }): void {
  if (subscription.consumer !== consumer)
    throw new Problem(403, 'The subscription belongs to another consumer.')
}

const named = (prefix: string, name: string | undefined): string | undefined =>
  name === undefined ? undefined : prefix + name

/** A claim that can stand in a path as it is: letters, digits, `-`, `_`; numbers count too. */
function textOf(claim: unknown): string | undefined {
  const text = typeof claim === 'number' ? String(claim) : claim
  return typeof text === 'string' && /^[\w-]+$/.test(text) ? text : undefined
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
    id: textOf(id),
    organisation: textOf(
      typeof organisation === 'string' ? organisation.replace(/^0192:/, '') : undefined,
    ),
  }
}
