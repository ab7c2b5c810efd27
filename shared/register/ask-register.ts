import { withTimeout } from '../azure/timeout.ts'
import { limitedText } from '../http/limited-text.ts'

const TIMEOUT_MS = 2500
const MAX_BYTES = 65_536 // a party with its addresses has about 2 KB
const PAUSE_MS = 3000 // after a failure: what waits for the register must not wait for each of its time limits

/** Returns the headers that let this app ask: a subscription key, a token. */
type Authorization = () => Promise<Record<string, string>>

export interface RegisterOptions {
  /** The address of the API, with a slash at its end. */
  url: string
  authorization: Authorization
  /** Called after every question that failed, with the reason. */
  report?: (reason: string) => void
  /** Milliseconds of the epoch. */
  now?: () => number
}

/**
 * Returns a function that asks the register a question and returns what `read` makes of the answer, or undefined where the
 * register knows nothing of what was asked (400, 404). The question is a body, never a part of the address: it may be a
 * national identity number. Throws when there is no answer within 2.5 s or `read` throws, and for 3 s after a failure
 * without asking.
 */
export function createAskRegister({
  url,
  authorization,
  report = () => {},
  now = Date.now,
}: RegisterOptions) {
  let failedAt: number | undefined

  const post = async (path: string, question: object, signal: AbortSignal): Promise<unknown> => {
    const answer = await fetch(new URL(path, url), {
      method: 'POST',
      headers: {
        ...(await authorization()),
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify(question),
      redirect: 'manual', // it would carry the key, and the number, elsewhere
      signal,
    })
    if (answer.status === 200) return parseJson(await limitedText(answer, MAX_BYTES))
    await answer.body?.cancel()
    if (answer.status === 400 || answer.status === 404) return undefined
    throw new Error(`status ${answer.status}`)
  }

  return async <T>(
    path: string,
    question: object,
    read: (answer: unknown) => T,
  ): Promise<T | undefined> => {
    if (failedAt !== undefined && now() - failedAt < PAUSE_MS) throw new Error('it failed just now')
    try {
      const answer = await withTimeout(TIMEOUT_MS, (signal) => post(path, question, signal))
      return answer === undefined ? undefined : read(answer)
    } catch (error) {
      failedAt = now()
      report(reasonOf(error))
      throw error
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('not JSON') // the parser's message shows a part of the text
  }
}

/** Returns why a question failed, in words that show nothing of it or of the answer. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error instanceof Error ? error : new Error(String(error))
  if (name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  if (name !== 'TypeError') return message.slice(0, 100)
  const { code = message }: { code?: string } = Object(cause) // fetch has its reason in `cause`
  return `no connection: ${code}`.slice(0, 100)
}
