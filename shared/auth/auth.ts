import type { HttpRequest } from '@azure/functions'
import type { Publisher } from '../events/cloud-event.ts'
import type { Config } from '../config.ts'
import { cookieCounts } from './access-rules.ts'
import { jwksUriOf } from './fetch-keys.ts'
import { Problem } from '../http/problem.ts'
import { createIssuerKeySets } from './issuers.ts'
import type { KeyState } from '../telemetry/health.ts'
import { keyStateOf, type ReportKeyFailure } from './key-failures.ts'
import { createKeySet } from './key-set.ts'
import { createTokenVerifier, type Claims } from './token-verifier.ts'

const appName = /^[a-z0-9][a-z0-9_-]{0,99}$/

/** Verifies the Altinn token and the platform access token of a request (altinn-contract §2–3). */
export function createAuth(
  { openIdConfigurationUrl, platform }: Config['auth'],
  report: ReportKeyFailure = () => {},
) {
  const altinnKeys = createKeySet({
    resolveUri: () => jwksUriOf(openIdConfigurationUrl),
    report: (failure, hasKeys) => report(openIdConfigurationUrl, failure, hasKeys),
  })
  const issuers = createIssuerKeySets(platform, report)
  const verifyAltinnToken = createTokenVerifier(() => altinnKeys)
  const verifyPlatformToken = createTokenVerifier((claims) => issuers.keySetFor(claims))

  return {
    /**
     * Returns the claims of the Altinn token: a bearer token, or a cookie where that counts. Throws a 401 when it is missing
     * or invalid, a 503 when no keys are known to verify it.
     */
    async requireCaller(
      { method, headers }: Pick<HttpRequest, 'method' | 'headers'>,
      mayUseCookie = cookieCounts(method),
    ): Promise<Claims> {
      const token = bearerTokenOf(headers) ?? (mayUseCookie ? cookieTokenOf(headers) : undefined)
      if (token === undefined) throw new Problem(401, 'The request has no Altinn token.')
      const verdict = await verifyAltinnToken(token)
      if (verdict === 'unavailable') throw unverified('Altinn token')
      if (verdict === 'invalid') throw new Problem(401, 'The Altinn token is invalid or expired.')
      return verdict
    },
    /**
     * Returns the app that the platform access token identifies. Throws a 403 when it is missing or invalid, a 503 when no
     * keys are known to verify it.
     */
    async requirePublisher(headers: Headers): Promise<Publisher> {
      const token = headers.get('platformaccesstoken')
      if (token === null) throw new Problem(403, 'The request has no platform access token.')
      const verdict = await verifyPlatformToken(token)
      if (verdict === 'unavailable') throw unverified('platform access token')
      const { iss: org, 'urn:altinn:app': app } = verdict === 'invalid' ? {} : verdict
      if (typeof org !== 'string')
        throw new Problem(403, 'The platform access token is invalid or expired.')
      if (typeof app !== 'string' || !appName.test(app))
        throw new Problem(403, 'The platform access token names no app.')
      return { org, app }
    },
    /** Returns how the keys are: the Altinn token's, those at the platform's address, and each issuer's that fail. */
    keyStates(): [altinn: KeyState, ...platform: KeyState[]] {
      const platformStates = [...issuers.byAddress()].map(([address, keySets]) =>
        keyStateOf(address, keySets),
      )
      const failingOrFirst = ({ status }: KeyState, index: number) =>
        index === 0 || status !== 'well'
      return [
        keyStateOf(openIdConfigurationUrl, [altinnKeys]),
        ...platformStates.filter(failingOrFirst),
      ]
    },
  }
}

const unverified = (token: string): Problem =>
  new Problem(503, `The ${token} cannot be verified now: its keys are not available. Try again.`)

const bearerTokenOf = (headers: Headers): string | undefined =>
  /^bearer +(.*)$/i.exec(headers.get('authorization') ?? '')?.[1]

/** Returns the token in the cookies that the original reads without a bearer token (altinn-contract §3). */
function cookieTokenOf(headers: Headers): string | undefined {
  const cookies = new Map(
    (headers.get('cookie') ?? '').split(/; */).map((pair): [string, string] => {
      const [name = '', ...value] = pair.split('=')
      return [name, value.join('=')]
    }),
  )
  return cookies.get('.ALTINNTOKEN') ?? cookies.get('AltinnStudioRuntime')
}
