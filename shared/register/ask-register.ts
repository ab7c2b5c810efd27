import { withTimeout } from '../azure/timeout.ts'
import { fetchReason, fetchText } from '../http/fetch-text.ts'
import { parseJsonAnswer } from '../http/json.ts'
import type { ServiceState } from '../telemetry/service-state.ts'

const limits = { timeoutMs: 2500, maxBytes: 65_536 } // a party with its addresses has about 2 KB
const SUSPICIOUS = 3 // numbers in a row that nothing is at
const PAUSE_MS = 3000 // without an answer: what waits for the register must not wait for each of its time limits

/** Returns the headers that let this app ask: a subscription key, a token. */
type Authorization = () => Promise<Record<string, string>>

export interface RegisterOptions {
  /** The address of the API, with a slash at its end. */
  url: string
  authorization: Authorization
  /** Called when the register does not take the token. */
  refused?: () => void
  /** Takes how the register answers. */
  state?: Pick<ServiceState, 'answered' | 'failed'> | undefined
  /** Milliseconds of the epoch. */
  now?: () => number
}

/** A question: its body, never a part of the address, since it may be a national identity number. */
interface Question<T> {
  path: string
  body: object
  /** Returns what the answer says. Throws where it makes no sense. */
  read: (answer: unknown) => T
  /** Whether the register answers 404 to what it does not know. */
  isAbsentBy404: boolean
}

/**
 * Returns a function that asks the register a question and returns what `read` makes of the answer, or undefined where the
 * register knows nothing of what was asked (400, 404). Throws when there is no answer within 2.5 s or it makes no sense, and
 * without asking for 3 s after there was no answer: one that makes no sense says nothing about other questions. An address
 * with nothing behind it answers 404 too, but without the register's problem details: three numbers in a row are a failure
 * to be seen, though the answers stay what they are.
 */
export function createAskRegister({
  url,
  authorization,
  refused = () => {},
  state = { answered: () => {}, failed: () => {} },
  now = Date.now,
}: RegisterOptions) {
  let failedAt: number | undefined
  const absent = new Set<string>()

  const post = async (path: string, body: object): Promise<string | Refusal> => {
    const headers = {
      ...(await authorization()),
      'content-type': 'application/json',
      accept: 'application/json',
    }
    const request = { method: 'POST', headers, body: JSON.stringify(body) }
    return fetchText(new URL(path, url).href, limits, request).catch(asRefusal)
  }
  const postOrPause = async (path: string, body: object): Promise<string | Refusal> => {
    try {
      return await withTimeout(limits.timeoutMs, () => post(path, body))
    } catch (error) {
      failedAt = now()
      throw error
    }
  }
  function noteAnswer(): void {
    absent.clear()
    state.answered()
  }
  function noteAbsence({ status, isProblem }: Refusal, body: object): void {
    if (isProblem) return noteAnswer()
    if (absent.size < SUSPICIOUS) absent.add(JSON.stringify(body))
    if (absent.size >= SUSPICIOUS)
      state.failed(`status ${status} to ${SUSPICIOUS} numbers in a row`)
  }
  async function ask<T>({ path, body, read, isAbsentBy404 }: Question<T>): Promise<T | undefined> {
    const answer = await postOrPause(path, body)
    if (typeof answer === 'string') {
      const found = read(parseJsonAnswer(answer))
      noteAnswer()
      return found
    }
    if (answer.status === 404 && !isAbsentBy404) throw new Error('status 404')
    noteAbsence(answer, body)
    return undefined
  }

  return async <T>(question: Question<T>): Promise<T | undefined> => {
    if (failedAt !== undefined && now() - failedAt < PAUSE_MS) throw new Error('it failed just now')
    try {
      return await ask(question)
    } catch (error) {
      if (error instanceof Error && error.cause === 401) refused()
      state.failed(fetchReason(error, limits))
      throw error
    }
  }
}

/** A 400 or 404, and whether it has problem details, as the register's own have. */
interface Refusal {
  status: 400 | 404
  isProblem: boolean
}

/** Returns what an error with status 400 or 404 says. Throws any other. */
function asRefusal(error: unknown): Refusal {
  const { cause: status, isProblem } = Object(error)
  if (status !== 400 && status !== 404) throw error
  return { status, isProblem: isProblem === true }
}
