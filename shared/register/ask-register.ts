import { withTimeout } from '../azure/timeout.ts'
import { fetchReason, fetchText } from '../http/fetch-text.ts'

const limits = { timeoutMs: 2500, maxBytes: 65_536 } // a party with its addresses has about 2 KB
const PAUSE_MS = 3000 // without an answer: what waits for the register must not wait for each of its time limits

/** Returns the headers that let this app ask: a subscription key, a token. */
type Authorization = () => Promise<Record<string, string>>

export interface RegisterOptions {
  /** The address of the API, with a slash at its end. */
  url: string
  authorization: Authorization
  /** Called when the register does not take the token. */
  refused?: () => void
  /** Called after every question that failed, with the reason. */
  report?: (reason: string) => void
  /** Milliseconds of the epoch. */
  now?: () => number
}

/**
 * Returns a function that asks the register a question and returns what `read` makes of the answer, or undefined where the
 * register knows nothing of what was asked (400, 404). The question is a body, never a part of the address: it may be a
 * national identity number. Throws when there is no answer within 2.5 s or `read` throws, and without asking for 3 s after
 * there was no answer: one that makes no sense says nothing about other questions.
 */
export function createAskRegister({
  url,
  authorization,
  refused = () => {},
  report = () => {},
  now = Date.now,
}: RegisterOptions) {
  let failedAt: number | undefined

  const post = async (path: string, question: object): Promise<string | undefined> => {
    const headers = {
      ...(await authorization()),
      'content-type': 'application/json',
      accept: 'application/json',
    }
    const request = { method: 'POST', headers, body: JSON.stringify(question) }
    return fetchText(new URL(path, url).href, limits, request).catch(undefinedIfUnknown)
  }
  const postOrPause = async (path: string, question: object): Promise<string | undefined> => {
    try {
      return await withTimeout(limits.timeoutMs, () => post(path, question))
    } catch (error) {
      failedAt = now()
      throw error
    }
  }

  return async <T>(
    path: string,
    question: object,
    read: (answer: unknown) => T,
  ): Promise<T | undefined> => {
    if (failedAt !== undefined && now() - failedAt < PAUSE_MS) throw new Error('it failed just now')
    try {
      const text = await postOrPause(path, question)
      return text === undefined ? undefined : read(parseJson(text))
    } catch (error) {
      if (error instanceof Error && error.cause === 401) refused()
      report(fetchReason(error, limits))
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

/** Returns undefined for the error of a 400 or 404. Throws any other. */
function undefinedIfUnknown(error: unknown): undefined {
  const { cause } = error instanceof Error ? error : {}
  if (cause !== 400 && cause !== 404) throw error
}
