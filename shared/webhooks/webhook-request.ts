import { createHmac, createSecretKey, randomBytes, type KeyObject } from 'node:crypto'
import { createBoundedMap } from '../bounded-map.ts'

/** A subscription's endpoint, and the secrets that sign its requests. */
interface SigningTarget {
  endpoint: string
  secrets: { key: string; until?: string }[]
}

/**
 * Returns the request that delivers an event, signed with every secret that has not expired. `id` is the same for every
 * attempt: the id of the event's document, since that of a generic event is not unique, and any text. `sequence` is for
 * an ordered subscription. `now`, in ms, is the time that is signed.
 */
export function signedRequest(
  { endpoint, secrets }: SigningTarget,
  event: Buffer,
  id: string,
  traceparent: string,
  sequence?: number,
  now = Date.now(),
) {
  const { body, headers } = webhookRequest(endpoint, event, traceparent)
  const keys = activeSecrets({ secrets }).map(({ key }) => key)
  const signature = signatureHeaders({ id, body, secrets: keys, now })
  const numbered = sequence === undefined ? {} : { 'webhook-sequence': String(sequence) }
  return { url: endpoint, body, headers: { ...headers, ...signature, ...numbered } }
}

/** Returns the secrets that sign now: the current one and rotated ones that have not expired. */
export const activeSecrets = ({ secrets }: Pick<SigningTarget, 'secrets'>) =>
  secrets.filter(({ until }) => until === undefined || Date.now() < Date.parse(until))

/**
 * Returns body and headers, without the signature: structured CloudEvents JSON with the content type of the original
 * (altinn-contract §5.4), not that of CloudEvents. Slack accepts only its own format, so it gets the event as text.
 */
export function webhookRequest(endpoint: string, event: Buffer, traceparent: string) {
  const isSlack = new URL(endpoint).hostname === 'hooks.slack.com'
  return {
    body: isSlack ? Buffer.from(JSON.stringify({ text: event.toString() })) : event,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'app-events',
      traceparent,
    },
  }
}

const PREFIX = 'whsec_'

/** Returns a new secret: 32 random bytes in the format of Standard Webhooks. */
export const newSecret = (): string => `${PREFIX}${randomBytes(32).toString('base64')}`

/**
 * Returns the signature headers of Standard Webhooks v1
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), with one signature per
 * secret. `id` is the same for every attempt of a delivery, `now` is in ms, `body` is exactly what is sent.
 */
export function signatureHeaders({
  id,
  body,
  secrets,
  now,
}: SignatureInput): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const signatures = secrets.map((secret) => `v1,${sign(secret, [`${id}.${timestamp}.`, body])}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

interface SignatureInput {
  id: string
  body: string | Buffer
  secrets: string[]
  now: number
}

const MAX_KEYS = 2000
const keys = createBoundedMap<KeyObject>(MAX_KEYS)

/** Returns the key of a secret, and keeps it: to import it takes 30 to 100 µs, to sign with it 10. */
function keyOf(secret: string): KeyObject {
  const known = keys.get(secret)
  if (known !== undefined) return known
  const key = createSecretKey(Buffer.from(secret.replace(PREFIX, ''), 'base64'))
  keys.set(secret, key)
  return key
}

/** Signs parts as if they were one, so that nobody copies the body. */
function sign(secret: string, parts: (string | Buffer)[]): string {
  const hmac = createHmac('sha256', keyOf(secret))
  for (const part of parts) hmac.update(part)
  return hmac.digest('base64')
}
