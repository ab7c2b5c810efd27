const LIMIT_MS = 5000
/** Requests at once. */
export const CONCURRENCY = 10

/** A response that is no 200. */
class Refused extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** A page of the API: its JSON, and the position of the next one if there is one. */
interface Page {
  body: Record<string, unknown>
  after: string | undefined
}

/** Reads a path of the API. Throws `Refused`, or an error that says what to change. */
export type ReadApi = (path: string) => Promise<Page>

/** Returns what reads the API at `url` with tokens from `newToken`. */
export function createApiClient(url: string, newToken: () => Promise<string>): ReadApi {
  return async (path) => {
    const headers = { authorization: `Bearer ${await newToken()}` }
    const signal = AbortSignal.timeout(LIMIT_MS)
    const answer = await fetch(url + path, { headers, signal, redirect: 'error' }).catch(() => {
      throw new Error(
        `Nothing answers at ${url}: run npm start, or name another address by --url or PORT.`,
      )
    })
    const body = Object(await answer.json().catch(() => ({})))
    if (answer.status !== 200) throw refused(url + path, answer.status, body.detail)
    return { body, after: afterIn(answer.headers.get('next')) }
  }
}

function refused(url: string, status: number, detail: unknown): Refused {
  const said = typeof detail === 'string' ? `${status}: ${detail}` : String(status)
  if (status === 401)
    return new Refused(status, `The token is refused, give another by --token: ${said}`)
  const hint = status === 404 ? ' Is --url the address of the API?' : ''
  return new Refused(status, `${url} answers ${said}.${hint}`)
}

/** Of the next page's address only the position counts: the token goes nowhere else. */
function afterIn(next: string | null): string | undefined {
  if (next === null || !URL.canParse(next, 'http://a')) return undefined
  return new URL(next, 'http://a').searchParams.get('after') ?? undefined
}

/** Undefined where the caller may not read it, or it is not there. */
export const unlessRefused = async <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch((error: unknown) => {
    if (error instanceof Refused && (error.status === 403 || error.status === 404)) return undefined
    throw error
  })
