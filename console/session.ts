import { createState } from './state.ts'

/** Who is signed in. The token is here and nowhere else: not in storage, not in an address. */
export interface Session {
  token: string
  who: Who
  expires: Date | undefined
}

/** Whom a token names, by its claims. A number of a person is not shown. */
export interface Who {
  kind: 'org' | 'organisation' | 'systemUser' | 'person' | 'unknown'
  name?: string
}

/** Why the sign-in panel is there. */
export type SignInReason = 'start' | 'refused' | 'change' | 'asked'

/** The session. Without one, reading may still work by Altinn's cookie, which the browser sends by itself. */
export const session = createState<Session | undefined>(undefined)

/** Whether something has been read without a token: then the browser sends Altinn's cookie. */
export const isReadingByCookie = createState(false)

/** Why the panel that gets a token is shown, undefined where it is not. */
export const signInReason = createState<SignInReason | undefined>(undefined)

const waiting = new Set<() => void>()

/**
 * Shows the sign-in panel and returns once someone has signed in: a page that waits for this loses nothing. When the last
 * who waited is gone, so is the panel.
 */
export function waitForSignIn(reason: SignInReason, signal?: AbortSignal): Promise<void> {
  signInReason.set(reason)
  return new Promise((resolve, reject) => {
    waiting.add(resolve)
    signal?.addEventListener('abort', () => {
      if (waiting.delete(resolve) && waiting.size === 0) signInReason.set(undefined)
      reject(signal.reason)
    })
  })
}

/** Begins a session. The token is not checked here: the API does, at every request. */
export function signIn(token: string): void {
  const claims = claimsOf(token)
  const expiry = claims['exp']
  session.set({
    token,
    who: whoIs(claims),
    expires: typeof expiry === 'number' ? new Date(expiry * 1000) : undefined,
  })
  signInReason.set(undefined)
  for (const resume of waiting) resume()
  waiting.clear()
}

/** Forgets the token, with everything that the page knows. */
export function signOut(): void {
  location.reload()
}

/** Returns the claims of a token, none where it has no form of one. They are for show alone. */
export function claimsOf(token: string): Record<string, unknown> {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(payload), (letter) => letter.codePointAt(0) ?? 0)
    return Object(JSON.parse(new TextDecoder().decode(bytes)))
  } catch {
    return {}
  }
}

/** Returns whom claims name, in the order in which the API looks. */
function whoIs(claims: Record<string, unknown>): Who {
  const org = claims['urn:altinn:org']
  if (typeof org === 'string') return { kind: 'org', name: org }
  if (claims['urn:altinn:userid'] !== undefined) return { kind: 'person' }
  const [detail] = Array.isArray(claims['authorization_details'])
    ? claims['authorization_details']
    : []
  const unit: unknown = Object(Object(detail).systemuser_org).ID
  if (typeof unit === 'string') return { kind: 'systemUser', name: unit.replace('0192:', '') }
  const number = claims['urn:altinn:orgNumber']
  return typeof number === 'string' ? { kind: 'organisation', name: number } : { kind: 'unknown' }
}
