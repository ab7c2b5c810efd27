import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createAccess } from '../../shared/auth/access.ts'
import { identityOf, requireMaySubscribe } from '../../shared/auth/access-rules.ts'
import { createTokenVerifier } from '../../shared/auth/token-verifier.ts'
import { idempotencyKeyOf } from '../../shared/events/idempotency-store.ts'
import type { Filters } from '../../shared/subscriptions/subscription.ts'
import type { Problem } from '../../shared/http/problem.ts'
import { nextTraceparent } from '../../shared/telemetry/trace.ts'
import { altinnClaims, encode, forge, fromNow, newKey } from '../support/forged-tokens.ts'
import { problemOr } from './events.ts'
import { property } from './property.ts'
import { damaged, jsonText, oddText, soundValue } from './values.ts'

const [known, stranger] = await Promise.all([newKey('KNOWN'), newKey('STRANGER')])
const verify = createTokenVerifier(() => ({
  find: async () => [known.publicKey],
  renew: async () => [],
  hasKeys: true,
  failure: undefined,
}))
const check = async (token: string) => {
  const verdict = await verify(token)
  return typeof verdict === 'object' ? verdict : undefined
}
const goodClaims = altinnClaims()
const good = forge(known, goodClaims)
const [header = '', payload = '', signature = ''] = good.split('.')

const oddClaim = fc.oneof(soundValue, fc.constantFrom(0, -1, 1e300, '', null, [], {}))
const headers = fc.dictionary(
  fc.constantFrom('alg', 'kid', 'typ', 'crit', 'b64', 'jku', 'jwk', 'x5u', 'zip', '__proto__'),
  fc.oneof(fc.constantFrom('RS256', 'none', 'HS256', 'PS256', 'ES256', 'KNOWN', 'JWT'), oddClaim),
)
const otherPart = fc.oneof(
  headers.map(encode),
  fc.dictionary(oddText, oddClaim).map(encode),
  jsonText.map(encode),
  oddText,
)

/** Tokens made without the key: damaged, put together anew, or of other parts altogether. */
const strangeToken = fc.oneof(
  damaged(fc.constant(good)),
  otherPart.map((part) => `${part}.${payload}.${signature}`),
  otherPart.map((part) => `${header}.${part}.${signature}`),
  fc.tuple(otherPart, otherPart, otherPart).map((parts) => parts.join('.')),
  oddText,
)

/** Tokens that the key itself has signed, whatever they say. */
const signedToken = fc.record({
  claims: fc.dictionary(fc.constantFrom('exp', 'nbf', 'iat', 'iss', 'sub', '__proto__'), oddClaim),
  isCurrent: fc.boolean(),
  alg: fc.constantFrom('RS256', 'RS256', 'RS256', 'RS384', 'RS512', 'PS256', 'HS256', 'none'),
  headers,
  by: fc.constantFrom(known, known, stranger),
})

/** Claims as they matter for who one is, right, wrong and of other kinds. */
const callerClaims = fc.dictionary(
  fc.constantFrom(
    'urn:altinn:org',
    'urn:altinn:userid',
    'urn:altinn:orgNumber',
    'urn:altinn:partyid',
    'pid',
  ),
  fc.oneof(
    fc.constantFrom('ttd', 'skd', 1, 50019855, '991825827', '01017512345', 'ttd/../skd'),
    oddClaim,
  ),
)
const requestedFilters = fc.record(
  {
    resource: fc.constantFrom(
      'urn:altinn:resource:app_ttd_a',
      'urn:altinn:resource:app_ttdx_a',
      'urn:altinn:resource:app_skd_a',
      'urn:x:y',
    ),
    subject: fc.constantFrom('/party/50019855', '/party/1', '/org/ttd', ''),
    alternative: fc.constantFrom(
      '/person/01017512345',
      '/organisation/991825827',
      '/organisation/1',
    ),
  },
  { requiredKeys: ['resource'] },
)

const claimOf: Record<string, string> = {
  party: 'urn:altinn:partyid',
  person: 'pid',
  organisation: 'urn:altinn:orgNumber',
}

/** Who may subscribe to what, in the plainest words. */
function maySubscribeBySpecification(
  claims: Record<string, unknown>,
  { resource, subject = '', alternative = '' }: Filters,
): boolean {
  const isOwner = ['ttd', 'skd'].some(
    (org) => claims['urn:altinn:org'] === org && resource === `urn:altinn:resource:app_${org}_a`,
  )
  const isSubject = [subject, alternative].some((about) => {
    const [, kind = '', name = ''] = about.split('/')
    const claim = claims[claimOf[kind] ?? '']
    return claim === name || claim === Number(name)
  })
  return isOwner || isSubject
}

const nothing = createAccess(
  { grants: [] },
  { documentGrants: async () => ({ grants: [], isCertain: true }) },
)

export const tokenProperties = [
  property('no token is valid without its issuer’s signature', 90, strangeToken, async (token) => {
    const claims = await check(token)
    if (claims !== undefined) assert.deepEqual(claims, JSON.parse(JSON.stringify(goodClaims)))
  }),
  property(
    'a token is valid by RS256, the key and its expiry alone',
    10,
    signedToken,
    async ({ claims, isCurrent, alg, headers: more, by }) => {
      const said = isCurrent ? { ...claims, exp: fromNow(300) } : claims
      const found = await check(forge(by, said, { ...more, alg }))
      if (found === undefined) return
      assert.deepEqual([by, alg], [known, 'RS256'])
      assert.ok(Number(found['exp']) > Date.now() / 1000 - 11)
    },
  ),
  property(
    'a token names one identity, which may subscribe only to its own',
    60,
    fc.tuple(callerClaims, requestedFilters),
    async ([claims, filters]) => {
      const identity = problemOr(() => identityOf(claims), 400)
      if (identity === undefined) return
      assert.match(identity.consumer, /^\/(org|user|systemuser|organisation)\/[\w-]+$/)
      const may = await requireMaySubscribe(identity, filters, nothing).then(
        () => true,
        ({ status }: Problem) => {
          assert.ok([400, 403].includes(status))
          return false
        },
      )
      assert.equal(may, maySubscribeBySpecification(claims, filters))
    },
  ),
  property(
    'every traceparent leads to a valid W3C one',
    20,
    fc.oneof(oddText, damaged(fc.constant(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`))),
    (parent) => {
      assert.match(nextTraceparent(parent), /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    },
  ),
  property(
    'an idempotency key is visible ASCII or a 400',
    10,
    oddText.filter(isHeaderValue),
    (key) => {
      const found = problemOr(() => idempotencyKeyOf(new Headers({ 'idempotency-key': key })), 400)
      if (found !== undefined) assert.match(found, /^[!-~]{1,255}$/)
    },
  ),
]

/** What the platform's Headers take: a byte a character, and no line breaks. */
export function isHeaderValue(text: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
}
