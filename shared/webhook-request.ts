import type { SubscriptionDocument } from './subscription.ts'
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
  const good = secrets.filter(({ until }) => until === undefined || now < Date.parse(until))
  const signature = signedHeaders({ id: event.id, body, secrets: good.map(({ key }) => key), now })
  return { url: endpoint, body, headers: { ...headers, ...signature } }
}
