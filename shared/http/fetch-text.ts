interface Limits {
  /** For the whole answer. */
  timeoutMs: number
  maxBytes: number
}

/**
 * Returns the text of an answer with status 200, decompressed, without a byte order mark. Throws for another status (`cause`;
 * `isProblem` where it came with problem details, RFC 9457), a redirect, and above the limits, which also closes the connection.
 */
export async function fetchText(
  url: string,
  { timeoutMs, maxBytes }: Limits,
  request: RequestInit = {},
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs)
  const answer = await fetch(url, { ...request, redirect: 'manual', signal })
  if (answer.status !== 200) throw await refusalOf(answer)
  return readLimited(answer, maxBytes)
}

/** Returns what an error of `fetchText` means, in words that show nothing of the answer's body. */
export function fetchReason(error: unknown, { timeoutMs }: Pick<Limits, 'timeoutMs'>): string {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error))
  if (name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`
  if (name !== 'TypeError') return message.slice(0, 100)
  if (cause === undefined) return 'the request cannot be made' // the message shows a wrong header: the token
  const { code = message }: { code?: string } = Object(cause) // fetch has its reason in `cause`
  return `no connection: ${code}`.slice(0, 100)
}

async function refusalOf({ status, body, headers }: Response): Promise<Error> {
  await body?.cancel()
  const isRedirect = status >= 300 && status < 400
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true
  const error = new Error(isRedirect ? `a redirect (${status})` : `status ${status}`, {
    cause: status,
  })
  return Object.assign(error, { isProblem })
}

async function readLimited({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > maxBytes) throw new Error(`more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
