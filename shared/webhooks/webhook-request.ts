import type { SubscriptionDocument } from '../subscriptions/subscription.ts'
import { webhookRequest } from './webhook-body.ts'
import { signedHeaders } from './webhook-signature.ts'

/** The request that takes an event to a subscription's endpoint, signed now with every secret that is still good. */
export function signedRequest(
  { endpoint, secrets }: SubscriptionDocument,
  event: { id: string },
  traceparent: string,
) {
  const now = Date.now()
  const { body, headers } = webhookRequest(endpoint, event, traceparent)
  const keys = goodSecrets({ secrets }).map(({ key }) => key)
  const signature = signedHeaders({ id: event.id, body, secrets: keys, now })
  return { url: endpoint, body, headers: { ...headers, ...signature } }
}

/** The secrets that sign now: the current one, and those before it whose time has not run out. */
export const goodSecrets = ({ secrets }: Pick<SubscriptionDocument, 'secrets'>) =>
  secrets.filter(({ until }) => until === undefined || Date.now() < Date.parse(until))
