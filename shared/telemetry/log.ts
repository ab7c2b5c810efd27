import type { InvocationContext } from '@azure/functions'
import { cutText } from '../http/cut-text.ts'

/** Fields of a log line. Never a token, a national identity number or a body. */
export type Fields = Record<string, string | number | boolean | undefined>

/** Writes a line of JSON, since the host transports text only. */
export function logLine(context: InvocationContext, what: string, fields: Fields = {}): void {
  context.log(JSON.stringify({ what, ...fields }))
}

/** Logs an error. The SDKs' messages contain addresses and codes, no content. */
export function logError(context: InvocationContext, error: unknown, fields: Fields = {}): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  context.error(
    JSON.stringify({
      what: 'failed',
      error: name,
      reason: cutText(message, 500),
      ...fields,
      stack,
    }),
  )
}
