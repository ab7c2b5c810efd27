import type { Grant } from '../access-grants.ts'
import {
  appResource,
  appResourcePattern,
  type CloudEvent,
  type Publisher,
} from '../events/cloud-event.ts'
import { alternativeOf } from '../events/event-document.ts'
import { Problem } from '../http/problem.ts'
import type { Access, AccessQuestion, Asker } from './access-question.ts'
import type { Claims } from './token-verifier.ts'

/** The caller that an Altinn token identifies. */
export interface Identity extends Asker {
  org: string | undefined
  /** The plain and alternative subjects that denote the caller. */
  subjects: string[]
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
  return {
    consumer,
    org,
    subjects: subjectsOf(claims),
    scopes: scopesOf(claims),
    organisation: pathSegmentOf(claims['urn:altinn:orgNumber']),
    level: levelOf(claims['urn:altinn:authlevel']),
  }
}

const levelOf = (claim: unknown): number => (/^[0-9]$/.test(String(claim)) ? Number(claim) : 0)

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
 * Throws a 403 unless the caller may publish: an app about its own resource by its platform access token (`app`), and callers
 * with permission. The scope for administrators is enough for resources that are no app's.
 */
export async function requireMayPublish(
  caller: Identity,
  app: Publisher | undefined,
  event: CloudEvent,
  access: Access,
): Promise<void> {
  const { scopes } = caller
  const { resource, subject } = event
  const isOwn = app !== undefined && resource === appResource(app).toLowerCase()
  const isAdmin = scopes.has(scopeFor.publish) && scopes.has(ADMIN_SCOPE)
  if (isOwn || (isAdmin && !appResourcePattern.test(resource))) return
  if (await access.isPermitted({ who: caller, action: 'publish', resource, subject, event })) return
  throw new Problem(403, `Not authorized to publish events of the resource ${resource}`)
}

/** Whether a grant permits what is asked; a caller that may read the events of a resource may inspect it. */
export function isGranted(grants: Grant[], { who, action, resource }: AccessQuestion): boolean {
  const granted = action === 'inspect' ? 'read' : action
  const isFor = ({ who: holder }: Grant) =>
    holder === '*' ? who.scopes.has(scopeFor[granted]) : holder === who.consumer
  const isOf = ({ resource: pattern }: Grant) =>
    pattern.endsWith('*') ? resource.startsWith(pattern.slice(0, -1)) : resource === pattern
  return grants.some((grant) => grant.action === granted && isFor(grant) && isOf(grant))
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
  subject?: string | undefined
  alternative?: string | undefined
}

/** Whether a built-in rule lets the caller have events: an app owner those of its own apps, anyone those about itself. */
const isOwner = ({ org, subjects }: Identity, wanted: Wanted): boolean =>
  (org !== undefined && wanted.resource.startsWith(appResource({ org, app: '' }))) ||
  aboutOf(wanted).some((subject) => subjects.includes(subject))

/** Whether a consumer is the org that owns the app of a resource. */
export const ownsApp = (consumer: string, resource: string): boolean =>
  consumer.startsWith('/org/') &&
  resource.startsWith(appResource({ org: consumer.slice('/org/'.length), app: '' }).toLowerCase())

/** Returns the subjects that are asked for; a urn in the form that names a caller. */
const aboutOf = ({ subject, alternative }: Wanted): string[] =>
  [subject?.startsWith('urn:') === true ? alternativeOf(subject) : subject, alternative].filter(
    (about) => about !== undefined,
  )

/**
 * Throws a 403 unless the caller may subscribe to what the filters name; a 400 when they name no subject of the caller's.
 * Returns who has permitted it; undefined where a built-in rule does.
 */
export async function requireMaySubscribe(
  caller: Identity,
  filters: Wanted,
  access: Access,
): Promise<Access['decidedBy'] | undefined> {
  if (isOwner(caller, filters)) return undefined
  if (await access.isPermitted(subscribing(caller, filters))) return access.decidedBy
  if (caller.org === undefined && aboutOf(filters).length === 0)
    throw new Problem(400, 'A valid subject to the authenticated identity is required')
  throw new Problem(403, `Not authorized to create a subscription for resource ${filters.resource}`)
}

/** The question is that of the deliveries to come, when nothing is known of the token but its consumer. */
const subscribing = (
  { consumer, scopes, level }: Asker,
  { resource, subject }: Wanted,
): AccessQuestion => ({
  who: { consumer, scopes, level, organisation: undefined },
  action: 'subscribe',
  resource,
  subject,
})

/** A subscription that is not by a built-in rule: its token had the scope, and the level that was asked for. */
export const mayStillHave = (
  { consumer, ...wanted }: Wanted & { consumer: string },
  access: Access,
): Promise<boolean> => {
  const who = { consumer, scopes: new Set([scopeFor.subscribe]), level: Infinity }
  const question = subscribing({ ...who, organisation: undefined }, wanted)
  return access.isPermitted({ ...question, endsDeliveries: true })
}

/** Throws a 403 unless the caller may read these events of a resource. */
export async function requireMayReadResource(
  caller: Identity,
  wanted: Wanted,
  access: Access,
): Promise<void> {
  const { resource, subject } = wanted
  if (isOwner(caller, wanted)) return
  if (await access.isPermitted({ who: caller, action: 'read', resource, subject })) return
  throw new Problem(403, `Not authorized to read events of the resource ${resource}`)
}

/** Throws a 403 unless the caller may see who gets the events of a resource: as the owner of an app, or by permission. */
export async function requireMayInspect(
  caller: Identity,
  resource: string,
  access: Access,
): Promise<void> {
  if (isOwner(caller, { resource })) return
  if (await access.isPermitted({ who: caller, action: 'inspect', resource })) return
  throw new Problem(403, `Not authorized to read events of the resource ${resource}`)
}

/** Throws as `requireMayInspect`, and unless the caller may read the events, which others may have published. */
export async function requireMayInspectEvents(
  caller: Identity,
  resource: string,
  access: Access,
): Promise<void> {
  await requireMayInspect(caller, resource, access)
  await requireMayReadResource(caller, { resource }, access)
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
