import type { Publisher } from '../events/cloud-event.ts'
import type { Config } from '../config.ts'
import { createIssuerKeySets } from './issuers.ts'
import { createKeySet, jwksUriOf } from './key-set.ts'
import { Problem } from '../http/problem.ts'
import { createTokenVerifier, type Claims } from './token-verifier.ts'

const appName = /^[a-z0-9][a-z0-9_-]{0,99}$/

/** Verifies the Altinn token and the platform access token of a request (altinn-contract §2–3). */
export function createAuth({ openIdConfigurationUrl, platform }: Config['auth']) {
  const altinnKeys = createKeySet(() => jwksUriOf(openIdConfigurationUrl))
  const verifyAltinnToken = createTokenVerifier(() => altinnKeys)
  const verifyPlatformToken = createTokenVerifier(createIssuerKeySets(platform))

  return {
    /** Returns the claims of the Altinn token. Throws a 401 when it is missing or invalid. */
    async requireCaller(headers: Headers): Promise<Claims> {
      const token = bearerTokenOf(headers) ?? cookieTokenOf(headers)
      if (token === undefined) throw new Problem(401, 'The request has no Altinn token.')
      const claims = await verifyAltinnToken(token)
      if (claims === undefined) throw new Problem(401, 'The Altinn token is invalid or expired.')
      return claims
    },
    /** Returns the app that the platform access token identifies. Throws a 403 when it is missing or invalid. */
    async requirePublisher(headers: Headers): Promise<Publisher> {
      const token = headers.get('platformaccesstoken')
      if (token === null) throw new Problem(403, 'The request has no platform access token.')
      const claims = await verifyPlatformToken(token)
      const { iss: org, 'urn:altinn:app': app } = claims ?? {}
      if (typeof org !== 'string')
        throw new Problem(403, 'The platform access token is invalid or expired.')
      if (typeof app !== 'string' || !appName.test(app))
        throw new Problem(403, 'The platform access token names no app.')
      return { org, app }
    },
  }
}

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
