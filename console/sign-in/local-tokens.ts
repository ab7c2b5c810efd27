import { apiRoot } from '../router.tsx'

const address = `${apiRoot}/console/local.json`

/** Whom the local stack makes tokens for. */
export type LocalCaller = 'org' | 'person' | 'unit' | 'system-user'

/** What the local stack makes: the platform access token is there where an app was named. */
export interface LocalTokens {
  token: string
  platformAccessToken?: string
}

/** The local stack, with its webhook receiver where it has one. */
export interface LocalStack {
  receiver?: string
}

/** Returns the local stack that the console is on, which makes tokens for anyone. No deployed app has its address. */
export async function findLocalStack(): Promise<LocalStack | undefined> {
  const answer = await fetch(address).catch(() => undefined)
  const isLocal = answer?.headers.get('content-type') === 'application/json' && answer.ok
  return isLocal ? answer.json() : undefined
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
