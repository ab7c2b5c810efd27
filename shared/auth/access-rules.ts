import type { Grant } from '../access-grants.ts'
import { appResource, appResourcePattern, type Publisher } from '../events/cloud-event.ts'
import { alternativeOf } from '../events/event-document.ts'
import { Problem } from '../http/problem.ts'
import type { Claims } from './token-verifier.ts'

/** The caller that an Altinn token identifies. */
export interface Identity {
  /** The first of org, user, system user and organisation, as in the original (altinn-contract §3). */
  consumer: string
  org: string | undefined
  /** The plain and alternative subjects that denote the caller. */
  subjects: string[]
  /** In lower case. */
  scopes: Set<string>
}

const ADMIN_SCOPE = 'altinn:events.publish.admin'

/** The scope that each action on generic events needs, as in the original (altinn-contract §8). */
export const scopeFor = {
  publish: 'altinn:events.publish',
  subscribe: 'altinn:events.subscribe',
  read: 'altinn:events.subscribe',
} as const satisfies Record<Grant['action'], string>

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
  return { consumer, org, subjects: subjectsOf(claims), scopes: scopesOf(claims) }
}

/** Returns the scopes of a token, in lower case (altinn-contract §8.1). */
export function scopesOf(claims: Claims): Set<string> {
  const scopes = claims['urn:altinn:scope'] ?? claims['scope']
  return new Set(typeof scopes === 'string' ? scopes.toLowerCase().split(/\s+/) : [])
}

/** Throws a 403 unless the token has the scope of an action. */
export function requireScope(claims: Claims, action: Grant['action']): void {
  const scope = scopeFor[action]
  if (!scopesOf(claims).has(scope)) throw new Problem(403, `The token lacks the scope ${scope}.`)
}

/**
 * Throws a 403 unless the caller may publish: an app about its own resource by its platform access token (`app`), and
 * who has a grant. The scope for administrators is enough for resources that are no app's.
 */
export function requireMayPublish(
  caller: Identity,
  app: Publisher | undefined,
  resource: string,
  grants: Grant[],
): void {
  const { scopes } = caller
  const isOwn = app !== undefined && resource === appResource(app).toLowerCase()
  const isAdmin = scopes.has(scopeFor.publish) && scopes.has(ADMIN_SCOPE)
  if (isOwn || (isAdmin && !appResourcePattern.test(resource))) return
  if (isGranted(grants, 'publish', caller, resource)) return
  throw new Problem(403, `Not authorized to publish events of the resource ${resource}`)
}

function isGranted(
  grants: Grant[],
  action: Grant['action'],
  { consumer, scopes }: Identity,
  resource: string,
): boolean {
  const isFor = ({ who }: Grant) => (who === '*' ? scopes.has(scopeFor[action]) : who === consumer)
  const isOf = ({ resource: granted }: Grant) =>
    granted.endsWith('*') ? resource.startsWith(granted.slice(0, -1)) : resource === granted
  return grants.some((grant) => grant.action === action && isFor(grant) && isOf(grant))
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

/** The events that a caller asks for. */
interface Wanted {
  resource: string
  subject?: string
  alternative?: string
}

/** Whether the caller may have events: an app owner those of its own apps, anyone those about itself, and who has a grant. */
function mayHave(caller: Identity, action: 'subscribe' | 'read', wanted: Wanted, grants: Grant[]) {
  const { org, subjects } = caller
  return (
    (org !== undefined && wanted.resource.startsWith(appResource({ org, app: '' }))) ||
    aboutOf(wanted).some((subject) => subjects.includes(subject)) ||
    isGranted(grants, action, caller, wanted.resource)
  )
}

/** Returns the subjects that are asked for; a urn in the form that names a caller. */
const aboutOf = ({ subject, alternative }: Wanted): string[] =>
  [subject?.startsWith('urn:') === true ? alternativeOf(subject) : subject, alternative].filter(
    (about) => about !== undefined,
  )

/** Throws a 403 unless the caller may subscribe to what the filters name; a 400 when they name no subject of the caller's. */
export function requireMaySubscribe(caller: Identity, filters: Wanted, grants: Grant[]): void {
  if (mayHave(caller, 'subscribe', filters, grants)) return
  if (caller.org === undefined && aboutOf(filters).length === 0)
    throw new Problem(400, 'A valid subject to the authenticated identity is required')
  throw new Problem(403, `Not authorized to create a subscription for resource ${filters.resource}`)
}

/** Throws a 403 unless the caller may read these events of a resource. */
export function requireMayReadResource(caller: Identity, wanted: Wanted, grants: Grant[]): void {
  if (mayHave(caller, 'read', wanted, grants)) return
  throw new Problem(403, `Not authorized to read events of the resource ${wanted.resource}`)
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
