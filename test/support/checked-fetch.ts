import { assertDescribed } from './openapi-validation.ts'

const apis = new Set<string>()
const plainFetch = globalThis.fetch

/** From now on `fetch` fails, in this process, for any answer of the app at `api` that its description does not have. */
export function checkAnswersOf(api: string): void {
  apis.add(api)
  globalThis.fetch = async (input, init) => {
    const answer = await plainFetch(input, init)
    return checked(init?.method ?? 'GET', answer.url, answer)
  }
}

/** The same for an answer that came another way; what is from elsewhere passes. */
export async function checked(method: string, url: string, answer: Response): Promise<Response> {
  const api = [...apis].find((each) => url.startsWith(`${each}/`))
  if (api !== undefined)
    await assertDescribed(method, new URL(url).pathname.slice(new URL(api).pathname.length), answer)
  return answer
}
