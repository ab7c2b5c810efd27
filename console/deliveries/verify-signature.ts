/** What a webhook came with: the headers of Standard Webhooks, and the body as it was sent, byte for byte. */
export interface SignedMessage {
  id: string
  timestamp: string
  body: string
  signature: string
}

/**
 * Whether one of the signatures in `webhook-signature` is that of the message under this secret (Standard Webhooks).
 * `wrong secret` where the secret has no form of one. Nothing is sent anywhere.
 */
export async function verifySignature(
  { id, timestamp, body, signature }: SignedMessage,
  secret: string,
): Promise<'verified' | 'different' | 'wrong secret'> {
  const bytes = secretBytes(secret)
  if (bytes === undefined) return 'wrong secret'
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
  const message = new TextEncoder().encode(`${id}.${timestamp}.${body}`)
  const expected = `v1,${base64(await crypto.subtle.sign('HMAC', key, message))}`
  return signature.split(/\s+/).includes(expected) ? 'verified' : 'different'
}

function secretBytes(secret: string): Uint8Array<ArrayBuffer> | undefined {
  const [, text] = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/.exec(secret.trim()) ?? []
  try {
    return text === undefined
      ? undefined
      : Uint8Array.from(atob(text), (letter) => letter.codePointAt(0) ?? 0)
  } catch {
    return undefined
  }
}

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCodePoint(...new Uint8Array(bytes)))
