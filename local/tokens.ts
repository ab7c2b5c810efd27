const organisationId = (number: string) => ({
  authority: 'iso6523-actorid-upis',
  ID: `0192:${number}`,
})

/** The claims that the real issuer writes into an Altinn token, by the kind of caller (altinn-contract §3). */
export const callers = {
  org: (org: string, orgNumber = '991825827') => ({
    'urn:altinn:org': org,
    'urn:altinn:orgNumber': orgNumber,
    'urn:altinn:authenticatemethod': 'maskinporten',
    'urn:altinn:authlevel': 3,
    scope: 'altinn:serviceowner',
    consumer: organisationId(orgNumber),
    token_type: 'Bearer',
  }),
  user: (userId: number, partyId: number, pid: string) => ({
    nameid: String(userId),
    'urn:altinn:userid': userId,
    'urn:altinn:username': `user${userId}`,
    'urn:altinn:partyid': partyId,
    'urn:altinn:authenticatemethod': 'BankID',
    'urn:altinn:authlevel': 4,
    pid,
  }),
  organisation: (orgNumber: string) => ({
    scope: 'altinn:events.subscribe',
    token_type: 'Bearer',
    'urn:altinn:orgNumber': orgNumber,
    consumer: organisationId(orgNumber),
  }),
  systemUser: (orgNumber: string) => ({
    scope: 'altinn:events.subscribe',
    token_type: 'Bearer',
    authorization_details: [
      {
        type: 'urn:altinn:systemuser',
        systemuser_id: ['a545ca75-0d54-4f84-9d57-5ae1b1d50cd2'],
        systemuser_org: organisationId(orgNumber),
        system_id: '991825827_system',
      },
    ],
  }),
}

/** Whom a token is to name: one of the first four. `app` is one of the organisation's; a scope replaces the usual one. */
export interface WantedCaller {
  org?: string
  person?: string
  unit?: string
  'system-user'?: string
  app?: string
  scope?: string
}

/** Returns the claims of the caller that is named. Throws unless it is one, and an app's only with its organisation. */
export function callerClaims(wanted: WantedCaller): object {
  const { org, app, person, unit, 'system-user': systemUser, scope } = wanted
  const named = [
    org === undefined ? undefined : callers.org(org),
    person === undefined ? undefined : callers.user(20_001, 50_019_855, person),
    unit === undefined ? undefined : callers.organisation(unit),
    systemUser === undefined ? undefined : callers.systemUser(systemUser),
  ].filter((claims) => claims !== undefined)
  const [claims] = named
  if (claims === undefined || named.length > 1 || (app !== undefined && org === undefined))
    throw new Error('Name an app, an organisation, a person, a unit or a system user')
  return { ...claims, ...(scope !== undefined && { scope }) }
}

/** Returns an Altinn token from the issuer at `url`. Throws if it makes none. */
export const altinnToken = (url: string, claims: object, seconds?: number): Promise<string> =>
  mint(url, { kind: 'altinn', claims: { iss: `${url}/`, ...claims }, seconds })

/** Returns the platform access token of an app from the issuer at `url`, as AccessTokenGenerator makes it. Throws if it makes none. */
export const platformToken = (
  url: string,
  org: string,
  app: string,
  seconds = 300,
): Promise<string> =>
  mint(url, {
    kind: 'platform',
    claims: { iss: org, 'urn:altinn:app': app, aud: 'platform.altinn.no' },
    seconds,
  })

async function mint(url: string, request: object): Promise<string> {
  const answer = await fetch(`${url}/token`, { method: 'POST', body: JSON.stringify(request) })
  const { token } = Object(await answer.json())
  if (typeof token !== 'string')
    throw new Error(`The issuer at ${url} made no token: ${answer.status}`)
  return token
}
