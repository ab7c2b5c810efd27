import { createHmac, randomBytes } from 'node:crypto'

/** Where events go, and the secrets that sign them. */
interface SigningTarget {
  endpoint: string
  secrets: { key: string; until?: string }[]
}

/** The request that takes an event to a subscription's endpoint, signed now with every secret that is still good. */
export function signedRequest(
  { endpoint, secrets }: SigningTarget,
  event: { id: string },
  traceparent: string,
) {
  const now = Date.now()
  const { body, headers } = webhookRequest(endpoint, event, traceparent)
  const keys = goodSecrets({ secrets }).map(({ key }) => key)
  const signature = signatureHeaders({ id: event.id, body, secrets: keys, now })
  return { url: endpoint, body, headers: { ...headers, ...signature } }
}

/** The secrets that sign now: the current one, and those before it whose time has not run out. */
export const goodSecrets = ({ secrets }: Pick<SigningTarget, 'secrets'>) =>
  secrets.filter(({ until }) => until === undefined || Date.now() < Date.parse(until))

/**
 * The body and the headers, but for the signature, of the request that takes an event to an endpoint: structured
 * CloudEvents JSON with the content type of the original (altinn-contract §5.4), not CloudEvents' own. Slack takes only
 * its own form, so it gets the event as text.
 */
export function webhookRequest(endpoint: string, event: object, traceparent: string) {
  const text = JSON.stringify(event)
  return {
    body: new URL(endpoint).hostname === 'hooks.slack.com' ? JSON.stringify({ text }) : text,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'app-events',
      traceparent,
    },
  }
}

const PREFIX = 'whsec_'

/** A new secret for a subscription: 32 random bytes in the form that Standard Webhooks gives secrets. */
export const newSecret = (): string => `${PREFIX}${randomBytes(32).toString('base64')}`

/**
 * The headers that prove to a subscriber who sent `body`, by Standard Webhooks v1
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). `id` is the same for
 * every try of a delivery, `now` in ms, `body` exactly what is sent. One signature per secret: during a rotation both.
 */
export function signatureHeaders({
  id,
  body,
  secrets,
  now,
}: SignatureInput): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const signatures = secrets.map((secret) => `v1,${sign(secret, `${id}.${timestamp}.${body}`)}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

interface SignatureInput {
  id: string
  body: string
  secrets: string[]
  now: number
}

function sign(secret: string, content: string): string {
  const key = Buffer.from(secret.replace(PREFIX, ''), 'base64')
  return createHmac('sha256', key).update(content).digest('base64')
}
