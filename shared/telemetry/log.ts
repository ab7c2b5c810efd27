import type { InvocationContext } from '@azure/functions'

/** Fields of a log line: names and numbers only; never a token, a national identity number or a body. */
export type Fields = Record<string, string | number | boolean | undefined>

/** Writes one line of JSON: the host carries text only. */
export function logLine(context: InvocationContext, what: string, fields: Fields = {}): void {
  context.log(JSON.stringify({ what, ...fields }))
}

/** Writes why something failed, as an error. The SDKs' messages name addresses and codes, no content. */
export function logError(context: InvocationContext, error: unknown, fields: Fields = {}): void {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  context.error(
    JSON.stringify({
      what: 'failed',
      error: name,
      reason: message.slice(0, 500),
      ...fields,
      stack,
    }),
  )
}
