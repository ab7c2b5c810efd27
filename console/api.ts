import { parseJson } from './lossless-json.ts'
import { apiRoot } from './router.tsx'
import { isReadingByCookie, session, waitForSignIn } from './session.ts'
import { createState } from './state.ts'

/** A fault that the API names, of the body's member at `pointer` (RFC 6901). */
export interface Violation {
  pointer: string
  detail: string
}

/** What the API answered instead of what was asked for (RFC 9457), or status 0 where it did not answer. */
export class ApiProblem extends Error {
  readonly status: number
  readonly errors: Violation[]
  readonly traceId: string

  constructor(status: number, body: { detail?: string; errors?: Violation[]; traceId?: string }) {
    super(body.detail ?? '')
    this.status = status
    this.errors = body.errors ?? []
    this.traceId = body.traceId ?? ''
  }
}

/** Whether the API answers. While it does not, reading is tried again by itself. */
export const connection = createState<'well' | 'lost'>('well')

/** The header that leads to the next page of a list. */
export interface Page<T> {
  body: T
  next: string | undefined
}

/** An answer that came to its end. */
interface Answer {
  response: Response
  text: string
}

/** Reads from the API: an address below `/events/api/v1/`. Waits while there is no connection and while nobody is signed in. */
export const read = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await readPage<T>(path, signal)).body

/** The same with the address of the next page, relative as `path` is. */
export const readPage = <T>(path: string, signal?: AbortSignal): Promise<Page<T>> =>
  untilAnswered(() => request('GET', path, undefined, signal), signal)

/** The same of a question that is asked by POST and changes nothing. */
export async function ask<T>(path: string, body: object, signal?: AbortSignal): Promise<T> {
  if (session.get() === undefined) await waitForSignIn('change', signal) // the API takes no cookie here
  const answer = await untilAnswered<T>(() => request('POST', path, body, signal), signal)
  return answer.body
}

/** Returns the status of a file of the console, which needs no token, once there is an answer. */
export async function statusOfFile(path: string, signal: AbortSignal): Promise<number> {
  const attempt = () => fetchWhole(path, { signal }).catch(() => undefined)
  const { response } = await awaitAnswer(attempt, signal)
  return response.status
}

async function untilAnswered<T>(
  attempt: () => Promise<Answer | undefined>,
  signal?: AbortSignal,
): Promise<Page<T>> {
  const answer = await awaitAnswer(attempt, signal)
  return { body: bodyOf(answer), next: nextOf(answer.response) }
}

async function awaitAnswer(
  attempt: () => Promise<Answer | undefined>,
  signal?: AbortSignal,
): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await attempt()
    signal?.throwIfAborted()
    if (answer !== undefined && !isTransient(answer.response.status)) {
      connection.set('well')
      return answer
    }
    connection.set('lost')
    await pause(Math.min(1000 * 2 ** tries, 15_000), signal)
  }
}

/** Changes something by the API. Throws an `ApiProblem`; it is never sent twice by itself. */
export async function send<T = void>(method: string, path: string, body?: object): Promise<T> {
  if (session.get() === undefined) await waitForSignIn('change') // a cookie reads alone
  const answer = await request(method, path, body)
  if (answer === undefined) throw new ApiProblem(0, {})
  connection.set('well')
  return bodyOf(answer)
}

/** Returns the answer, undefined where there is none or it broke off. A 401 leads to the sign-in panel, and the same request goes on after it. */
async function request(
  method: string,
  path: string,
  body?: object,
  signal?: AbortSignal,
): Promise<Answer | undefined> {
  for (;;) {
    const answer = await fetchWhole(path, {
      method,
      headers: headersFor(body),
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    }).catch(() => undefined)
    if (answer?.response.status !== 401) {
      if (answer?.response.ok === true && session.get() === undefined) isReadingByCookie.set(true)
      return answer
    }
    await waitForSignIn(session.get() === undefined ? 'start' : 'refused', signal)
  }
}

/** Fetches an address below `/events/api/v1/`. Rejects where the answer does not come to its end. */
export async function fetchWhole(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(`${apiRoot}/${path}`, init)
  return { response, text: await response.text() }
}

function headersFor(body: object | undefined): Record<string, string> {
  const token = session.get()?.token
  return {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
}

/** Returns what the API answered. Throws an `ApiProblem` where it refused. */
export function bodyOf({ response, text }: Answer) {
  if (!response.ok) throw new ApiProblem(response.status, problemIn(text))
  try {
    return Object(parseJson(text === '' ? 'null' : text))
  } catch {
    throw new ApiProblem(response.status, {}) // a page of something between here and the API
  }
}

/** Returns what a problem says; nothing where it is the page of a gateway. */
function problemIn(text: string): { detail?: string; errors?: Violation[]; traceId?: string } {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}

function nextOf(response: Response): string | undefined {
  const next = response.headers.get('next')
  return next === null ? undefined : pathTo(next)
}

/** Returns an address of the API as a path below it. */
export function pathTo(address: string): string {
  const { pathname, search } = new URL(address, location.href)
  return `${pathname.slice(apiRoot.length + 1)}${search}`
}

const isTransient = (status: number): boolean => [429, 502, 503, 504].includes(status)

/** Waits. Rejects when the signal is aborted, and ends early when the browser is online again. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    addEventListener('online', () => resolve(), { once: true })
    signal?.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
