import { inspect } from 'node:util'
import { exampleEvent } from '../../local/example.ts'
import { encode, forge, platformClaims } from '../support/forged-tokens.ts'
import { sendRaw } from '../support/raw-request.ts'
import { countStored } from '../support/problems.ts'
import { attack, statusOfRefusal, type Attack } from './attack.ts'
import { forgedTokens, tooLarge, wrongClaims, type TokenKind } from './forged-tokens.ts'
import { leakAttacks } from './secrets.ts'
import type { TokenFixture } from './token-fixture.ts'

type Headers = Record<string, string | undefined>
type Pairs = [name: string, value: string][]

/** How each token is sent, and what is answered where it is bad. */
const tokens = {
  altinn: { header: (token: string): Headers => ({ Authorization: `Bearer ${token}` }), bad: 401 },
  platform: { header: (token: string): Headers => ({ PlatformAccessToken: token }), bad: 403 },
} as const
const names = ['altinn', 'platform'] as const

/** Good tokens, and bad ones, where they must not be found. */
const misplaced: [
  status: 401 | 403,
  what: string,
  headers: (good: Good, bad: string) => Headers,
][] = [
  [401, 'missing', () => ({ Authorization: undefined })],
  [401, 'of another scheme', ({ altinn }) => ({ Authorization: `Basic ${altinn}` })],
  [401, 'without a scheme', ({ altinn }) => ({ Authorization: altinn })],
  [401, 'named but not given', () => ({ Authorization: 'Bearer' })],
  [401, 'not set apart from its scheme', ({ altinn }) => ({ Authorization: `Bearer${altinn}` })],
  [
    401,
    'in a cookie of another name',
    ({ altinn }) => ({ Authorization: undefined, Cookie: `token=${altinn}` }),
  ],
  [
    401,
    'bad, in the cookie',
    (_, bad) => ({ Authorization: undefined, Cookie: `AltinnStudioRuntime=${bad}` }),
  ],
  [
    401,
    'bad, with a good one in the cookie',
    ({ altinn }) => ({ Authorization: 'Bearer abc', Cookie: `.ALTINNTOKEN=${altinn}` }),
  ],
  [401, 'the platform token', ({ platform }) => ({ Authorization: `Bearer ${platform}` })],
  [
    401,
    'swapped with the other',
    ({ altinn, platform }) => ({
      Authorization: `Bearer ${platform}`,
      PlatformAccessToken: altinn,
    }),
  ],
  [
    401,
    'missing, and the other too',
    () => ({ Authorization: undefined, PlatformAccessToken: undefined }),
  ],
  [
    401,
    'bad, and the other too',
    () => ({ Authorization: 'Bearer abc', PlatformAccessToken: 'abc' }),
  ],
  [403, 'missing', () => ({ PlatformAccessToken: undefined })],
  [403, 'empty', () => ({ PlatformAccessToken: '' })],
  [403, 'given with a scheme', ({ platform }) => ({ PlatformAccessToken: `Bearer ${platform}` })],
  [
    403,
    'in the cookie',
    ({ platform }) => ({
      PlatformAccessToken: undefined,
      Cookie: `PlatformAccessToken=${platform}`,
    }),
  ],
  [403, 'the Altinn token', ({ altinn }) => ({ PlatformAccessToken: altinn })],
]
type Good = TokenFixture['good']

/** A header that comes twice is bad, whatever stands in it. */
const repeated: [
  status: 401 | 403,
  what: string,
  headers: (altinn: string, platform: string, bad: string) => Pairs,
][] = [
  [
    401,
    'twice the same',
    (altinn, platform) => [
      ['Authorization', altinn],
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    401,
    'a good one, then a bad one',
    (altinn, platform, bad) => [
      ['Authorization', altinn],
      ['authorization', `Bearer ${bad}`],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    401,
    'a bad one, then a good one',
    (altinn, platform, bad) => [
      ['AUTHORIZATION', `Bearer ${bad}`],
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    403,
    'twice the same',
    (altinn, platform) => [
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    403,
    'a good one, then a bad one',
    (altinn, platform, bad) => [
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
      ['platformaccesstoken', bad],
    ],
  ],
  [
    403,
    'a bad one, then a good one',
    (altinn, platform, bad) => [
      ['Authorization', altinn],
      ['PLATFORMACCESSTOKEN', bad],
      ['PlatformAccessToken', platform],
    ],
  ],
]

/** Tokens that share parts with a good one, which is remembered. */
function likeRemembered(
  token: string,
  { attacker, claims }: TokenKind,
): [what: string, token: string][] {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const [otherHeader = '', otherPayload = ''] = forge(attacker, claims()).split('.')
  const alike = [
    [header, payload, `${signature.slice(0, -6)}AAAAAA`],
    [header, payload, `${signature.startsWith('B') ? 'C' : 'B'}${signature.slice(1)}`],
    [header, otherPayload, signature],
    [otherHeader, payload, signature],
    [header, encode({}), signature],
  ]
  return alike.map((parts, index) => [`like a remembered one, ${index + 1}`, parts.join('.')])
}

/** Every attack on POST /app by its tokens, in the order in which they are to be tried. */
export function tokenAttacks({ app, stores, server, kinds, good, digdir }: TokenFixture): Attack[] {
  const sent = new Set(Object.values(good))
  const usual = { ...tokens.altinn.header(good.altinn), ...tokens.platform.header(good.platform) }
  const bad = forge(kinds.altinn.attacker, kinds.altinn.claims())

  async function publish(changes: Headers): Promise<Response> {
    for (const value of Object.values(changes)) if (value !== undefined) sent.add(value)
    return app.publish(exampleEvent, { ...usual, ...changes })
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
  const onToken = (status: 401 | 403, what: string, ask: () => Promise<Response>): Attack =>
    attack(status === 401 ? 'Altinn token' : 'platform token', what, status, () =>
      statusOfRefusal(ask(), status),
    )
  const onEach = (
    make: (name: (typeof names)[number]) => [what: string, token: () => string][],
  ): Attack[] =>
    names.flatMap((name) =>
      make(name).map(([what, token]) =>
        onToken(tokens[name].bad, what, () => publish(tokens[name].header(token()))),
      ),
    )

  return [
    ...onEach((name) => forgedTokens.map(([what, make]) => [what, () => make(kinds[name])])),
    ...misplaced.map(([status, what, headers]) =>
      onToken(status, what, () => publish(headers(good, bad))),
    ),
    ...repeated.map(([status, what, pairs]) =>
      onToken(status, what, () => publishRaw(pairs(`Bearer ${good.altinn}`, good.platform, bad))),
    ),
    ...wrongClaims.map((claims) =>
      onToken(
        403,
        `${inspect(claims, { breakLength: Infinity }).slice(0, 60)}, signed by ttd`,
        () => publish(tokens.platform.header(forge(kinds.platform.key, platformClaims(claims)))),
      ),
    ),
    ...names.map((name) =>
      attack(
        'tokens',
        `${name}: one of 60 KB`,
        431,
        async () => (await publish(tokens[name].header(tooLarge(kinds[name])))).status,
      ),
    ),
    attack('tokens', "another org's good platform token, for an app of ttd", 401, () =>
      statusOfRefusal(publish(tokens.platform.header(digdir())), 401),
    ),
    attack(
      'tokens',
      'good ones are taken, and remembered',
      201,
      async () => (await publish({})).status,
    ),
    ...onEach((name) =>
      likeRemembered(good[name], kinds[name]).map(([what, token]) => [what, () => token]),
    ),
    attack('tokens', 'what all this has stored and queued', '1 stored, 1 queued', async () => {
      const { stored, queued } = await countStored(stores)
      return `${stored} stored, ${queued} queued`
    }),
    attack(
      'tokens',
      'where they led the app',
      '/altinn/jwks /constructor/jwks /digdir/jwks /nobody/jwks /openid /ttd/jwks',
      async () => [...new Set(server.requestedPaths)].toSorted().join(' '),
    ),
    ...leakAttacks('tokens', app, sent),
  ]
}
