import type { TokenFixture } from './token-fixture.ts'

export type Headers = Record<string, string | undefined>
export type Pairs = [name: string, value: string][]

/** Requests with a missing or invalid token, or with a valid one in the wrong place. */
export const misplaced: [
  status: 401 | 403,
  what: string,
  headers: (valid: ValidTokens, invalid: string) => Headers,
][] = [
  [401, 'missing', () => ({ Authorization: undefined })],
  [401, 'with another scheme', ({ altinn }) => ({ Authorization: `Basic ${altinn}` })],
  [401, 'without a scheme', ({ altinn }) => ({ Authorization: altinn })],
  [401, 'with a scheme only', () => ({ Authorization: 'Bearer' })],
  [401, 'without a space after the scheme', ({ altinn }) => ({ Authorization: `Bearer${altinn}` })],
  [
    401,
    'in a cookie of another name',
    ({ altinn }) => ({ Authorization: undefined, Cookie: `token=${altinn}` }),
  ],
  [
    401,
    'invalid, in the cookie',
    (_, invalid) => ({ Authorization: undefined, Cookie: `AltinnStudioRuntime=${invalid}` }),
  ],
  [
    401,
    'invalid, with a valid one in the cookie',
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
    'invalid, and the other too',
    () => ({ Authorization: 'Bearer abc', PlatformAccessToken: 'abc' }),
  ],
  [403, 'missing', () => ({ PlatformAccessToken: undefined })],
  [403, 'empty', () => ({ PlatformAccessToken: '' })],
  [403, 'with a scheme', ({ platform }) => ({ PlatformAccessToken: `Bearer ${platform}` })],
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
type ValidTokens = TokenFixture['valid']

/** Requests with a repeated header, which is refused whatever its values are. */
export const repeated: [
  status: 401 | 403,
  what: string,
  headers: (altinn: string, platform: string, invalid: string) => Pairs,
][] = [
  [
    401,
    'the same twice',
    (altinn, platform) => [
      ['Authorization', altinn],
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    401,
    'a valid one, then an invalid one',
    (altinn, platform, invalid) => [
      ['Authorization', altinn],
      ['authorization', `Bearer ${invalid}`],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    401,
    'an invalid one, then a valid one',
    (altinn, platform, invalid) => [
      ['AUTHORIZATION', `Bearer ${invalid}`],
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    403,
    'the same twice',
    (altinn, platform) => [
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
      ['PlatformAccessToken', platform],
    ],
  ],
  [
    403,
    'a valid one, then an invalid one',
    (altinn, platform, invalid) => [
      ['Authorization', altinn],
      ['PlatformAccessToken', platform],
      ['platformaccesstoken', invalid],
    ],
  ],
  [
    403,
    'an invalid one, then a valid one',
    (altinn, platform, invalid) => [
      ['Authorization', altinn],
      ['PLATFORMACCESSTOKEN', invalid],
      ['PlatformAccessToken', platform],
    ],
  ],
]
