import { apiRoot } from '../router.tsx'

const address = `${apiRoot}/console/local.json`

/** Whom the local stack makes tokens for. */
export type LocalCaller = 'org' | 'person' | 'unit' | 'system-user'

/** What the local stack makes: the platform access token is there where an app was named. */
export interface LocalTokens {
  token: string
  platformAccessToken?: string
}

/** Whether the console is on a local stack, which makes tokens for anyone. No deployed app has this address. */
export async function hasLocalTokens(): Promise<boolean> {
  const answer = await fetch(address).catch(() => undefined)
  return answer?.ok === true && answer.headers.get('content-type') === 'application/json'
}

/** Returns tokens of the local stack. Throws an error that says what is wrong with what was wanted. */
export async function localTokens(
  wanted: { [caller in LocalCaller]?: string } & { app?: string; scope?: string },
): Promise<LocalTokens> {
  const answer = await fetch(address, { method: 'POST', body: JSON.stringify(wanted) })
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.detail)
  return body
}
