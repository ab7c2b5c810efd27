import type { Scope } from '../events/event-scope.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import type { PreviewRequest } from '../subscriptions/subscription-request.ts'
import { namesParty } from '../subscriptions/subscription-violations.ts'

type About = Pick<Scope, 'subject' | 'alternative'>
type WithRegister = Pick<Services, 'register'>

/**
 * Returns the party that a unit's or a person's number names, as the subject of its events; without a register, the number.
 * Who may read must be decided before: nothing is asked about somebody else. Throws a 404 for an unknown number, a 503 while
 * the register does not answer.
 */
export async function partyAbout(services: WithRegister, about: About): Promise<About> {
  const { alternative } = about
  if (services.register === undefined || alternative === undefined) return about
  const subject = await partyOf(services.register, alternative)
  if (subject === undefined) throw new Problem(404, 'The register knows no party with this number.')
  return { subject }
}

/**
 * Returns a subscription request with the party that its alternative subject names, in its place; as it is without a
 * register, or with a subject of its own. Throws a 400 for an unknown number, as the original does, and a 503 while the
 * register does not answer.
 */
export async function withParty<T extends PreviewRequest>(
  { register }: WithRegister,
  request: T,
): Promise<T> {
  const { alternative, ...filters } = request.filters
  if (register === undefined || filters.subject !== undefined) return request
  if (alternative === undefined || !namesParty(alternative)) return request
  const subject = await partyOf(register, alternative)
  if (subject === undefined)
    throw new Problem(400, 'A valid subject to the authenticated identity is required')
  return { ...request, filters: { ...filters, subject } }
}

async function partyOf(
  register: NonNullable<Services['register']>,
  alternative: string,
): Promise<string | undefined> {
  const found = await register.partyOf(alternative)
  if (found === 'unavailable') throw registerUnavailable()
  return found
}

/** Returns the 503 of a request that needs the register. */
export const registerUnavailable = (): Problem =>
  new Problem(503, 'The register of parties does not answer now. Try again.')
