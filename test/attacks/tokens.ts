import { inspect } from 'node:util'
import { exampleEvent } from '../../local/example.ts'
import { encode, forge, platformClaims } from '../support/forged-tokens.ts'
import { sendRaw } from '../support/raw-request.ts'
import { countStored } from '../support/problems.ts'
import { attack, statusOfRefusal, type Attack } from './attack.ts'
import { forgedTokens, tooLarge, invalidClaims, type TokenKind } from './forged-tokens.ts'
import { leakAttacks } from './secrets.ts'
import type { TokenFixture } from './token-fixture.ts'
import { misplaced, repeated, type Headers, type Pairs } from './misplaced-tokens.ts'

/** The header of each token, and the status of an invalid one. */
const tokens = {
  altinn: {
    header: (token: string): Headers => ({ Authorization: `Bearer ${token}` }),
    refusal: 401,
  },
  platform: { header: (token: string): Headers => ({ PlatformAccessToken: token }), refusal: 403 },
} as const
const names = ['altinn', 'platform'] as const

/** Returns invalid tokens that share parts with a valid one, whose verification is cached. */
function similarTokens(
  token: string,
  { attacker, claims }: TokenKind,
): [what: string, token: string][] {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const [otherHeader = '', otherPayload = ''] = forge(attacker, claims()).split('.')
  const similar = [
    [header, payload, `${signature.slice(0, -6)}AAAAAA`],
    [header, payload, `${signature.startsWith('B') ? 'C' : 'B'}${signature.slice(1)}`],
    [header, otherPayload, signature],
    [otherHeader, payload, signature],
    [header, encode({}), signature],
  ]
  return similar.map((parts, index) => [`like a cached one, ${index + 1}`, parts.join('.')])
}

/** Attacks on POST /app by its tokens, in order: the last ones need a cached valid token. */
export function tokenAttacks({
  app,
  stores,
  server,
  kinds,
  valid,
  digdir,
}: TokenFixture): Attack[] {
  const sent = new Set(Object.values(valid))
  const validHeaders = {
    ...tokens.altinn.header(valid.altinn),
    ...tokens.platform.header(valid.platform),
  }
  const invalid = forge(kinds.altinn.attacker, kinds.altinn.claims())

  async function publish(changes: Headers): Promise<Response> {
    for (const value of Object.values(changes)) if (value !== undefined) sent.add(value)
    return app.publish(exampleEvent, { ...validHeaders, ...changes })
  }
  async function publishRaw(pairs: Pairs): Promise<Response> {
    for (const [, value] of pairs) sent.add(value)
    const body = JSON.stringify(exampleEvent)
    const rest: Pairs = [
      ['Content-Type', 'application/json'],
      ['Content-Length', String(body.length)],
    ]
    return sendRaw(`${app.api}/app`, [...pairs, ...rest], body)
  }
  const tokenAttack = (status: 401 | 403, what: string, send: () => Promise<Response>): Attack =>
    attack(status === 401 ? 'Altinn token' : 'platform token', what, status, () =>
      statusOfRefusal(send(), status),
    )
  const attacksOnEach = (
    make: (name: (typeof names)[number]) => [what: string, token: () => string][],
  ): Attack[] =>
    names.flatMap((name) =>
      make(name).map(([what, token]) =>
        tokenAttack(tokens[name].refusal, what, () => publish(tokens[name].header(token()))),
      ),
    )

  return [
    ...attacksOnEach((name) => forgedTokens.map(([what, make]) => [what, () => make(kinds[name])])),
    ...misplaced.map(([status, what, headers]) =>
      tokenAttack(status, what, () => publish(headers(valid, invalid))),
    ),
    ...repeated.map(([status, what, pairs]) =>
      tokenAttack(status, what, () =>
        publishRaw(pairs(`Bearer ${valid.altinn}`, valid.platform, invalid)),
      ),
    ),
    ...invalidClaims.map((claims) =>
      tokenAttack(
        403,
        `${inspect(claims, { breakLength: Infinity }).slice(0, 60)}, signed by ttd`,
        () => publish(tokens.platform.header(forge(kinds.platform.key, platformClaims(claims)))),
      ),
    ),
    ...names.map((name) =>
      attack(
        'tokens',
        `${name}: a token of 60 KB`,
        431,
        async () => (await publish(tokens[name].header(tooLarge(kinds[name])))).status,
      ),
    ),
    attack('tokens', "another org's valid platform token, for an app of ttd", 401, () =>
      statusOfRefusal(publish(tokens.platform.header(digdir())), 401),
    ),
    attack(
      'tokens',
      'valid ones are accepted, and cached',
      201,
      async () => (await publish({})).status,
    ),
    ...attacksOnEach((name) =>
      similarTokens(valid[name], kinds[name]).map(([what, token]) => [what, () => token]),
    ),
    attack(
      'tokens',
      'events stored and messages queued by all of these',
      '1 stored, 1 queued',
      async () => {
        const { stored, queued } = await countStored(stores)
        return `${stored} stored, ${queued} queued`
      },
    ),
    attack(
      'tokens',
      'paths of the key server that the app requested',
      '/altinn/jwks /constructor/jwks /digdir/jwks /nobody/jwks /openid /ttd/jwks',
      async () => [...new Set(server.requestedPaths)].toSorted().join(' '),
    ),
    ...leakAttacks('tokens', app, sent),
  ]
}
