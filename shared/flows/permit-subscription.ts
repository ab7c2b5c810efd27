import { requireMaySubscribe, type Identity } from '../auth/access-rules.ts'
import type { Services } from '../services.ts'
import type { PreviewRequest } from '../subscriptions/subscription-request.ts'
import { withParty } from './find-party.ts'

/**
 * Returns the subscription request with the party that it names, and who has permitted it; undefined where a built-in rule
 * does. Nothing is looked up before the caller may subscribe. What is permitted is asked again with the party that was
 * found, as before each delivery: else one would be made that never gets any. Throws a 400, 403 or 503.
 */
export async function permitSubscription<T extends PreviewRequest>(
  services: Pick<Services, 'access' | 'register'>,
  identity: Identity,
  asked: T,
) {
  const { access } = services
  const accessBy = await requireMaySubscribe(identity, asked.filters, access)
  const wanted = await withParty(services, asked)
  if (accessBy !== undefined) await requireMaySubscribe(identity, wanted.filters, access)
  return { wanted, accessBy }
}
