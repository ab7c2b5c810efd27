import fc from 'fast-check'
import { codePoint } from '../support/code-point.ts'

// Names and texts that have broken other programs.
const inherited = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  'then',
]
const characters = [
  '\0',
  '\u0007',
  '\u0085',
  '\u2028',
  '\uFEFF',
  '\uFFFE',
  '\u{1FFFF}',
  '\u202E',
  '\u200B',
]
const letters = ['ﷺ', '🦉', '👩‍👩‍👧', 'å', 'ａ', 'ß', 'İ', 'ı', 'K', 'Ω̴̗̈']
const words = ['null', 'undefined', 'NaN', '-0', '1e400', '[object Object]', 'true']
const paths = [
  '../../etc/passwd',
  '%2e%2e%2f',
  '%00',
  '%zz',
  '%',
  '\\\\host\\share',
  '//evil.example',
]
const injections = [
  "' OR 1=1 --",
  '${jndi:ldap://x}',
  '{{7*7}}',
  '<script>',
  '"',
  '\r\nX-Injected: 1',
  '=1+1',
]
const notorious = [...inherited, ...characters, ...letters, ...words, ...paths, ...injections]

/** Any UTF-16 unit, so that surrogates stand alone. */
const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))

/** Texts of every kind: readable, any code point, half characters, notorious ones, long ones. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
  { weight: 5, arbitrary: fc.string({ unit: codePoint, maxLength: 30 }) },
  { weight: 3, arbitrary: fc.string({ unit, maxLength: 10 }) },
  { weight: 5, arbitrary: fc.constantFrom(...notorious) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.string(), fc.constantFrom(...notorious), fc.string())
      .map((parts) => parts.join('')),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(255, 256, 2048, 2049).map((length) => 'x'.repeat(length)),
  },
)

/** Texts that can be stored as they are: no half characters. */
export const soundText = oddText.map((text) => text.toWellFormed())

/** JSON values as they are stored: every text sound, no `__proto__`, no -0. */
export const soundValue: fc.Arbitrary<unknown> = fc
  .oneof(
    fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 4 }),
    fc.dictionary(soundText, fc.oneof(soundText, fc.double({ noNaN: true }), fc.boolean()), {
      maxKeys: 5,
    }),
    soundText,
  )
  .filter((value) => !JSON.stringify(value).includes('__proto__'))
  .map((value) => JSON.parse(JSON.stringify(value)))

/** The text of an object with members in this order, their values as texts. */
export const objectText = (members: [name: string, value: unknown][]): string =>
  `{${members.map(([name, value]) => `${JSON.stringify(name)}:${String(value)}`).join(',')}}`

/** JSON texts, right and wrong: names that come twice, numbers beyond a double, deep nesting, half characters, cuts. */
export const jsonText: fc.Arbitrary<string> = fc
  .letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      oddText.map((text) => JSON.stringify(text)),
      oddText.map((text) => `"${text}"`), // unescaped: seldom JSON
      fc.constantFrom('null', 'true', '0', '-0', '1e400', '-1E999', '0.1e-999', '01', '.5', 'NaN'),
      fc.bigInt().map(String),
      fc.double().map(String),
      tie('list'),
      tie('object'),
      fc.integer({ min: 1, max: 200 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    object: fc.array(fc.tuple(oddText, tie('value')), { maxLength: 5 }).map(objectText),
  }))
  .value.map(String)

/** A text with a part taken out, doubled or put in: nearly what it was. */
export const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      texts,
      fc.nat(),
      fc.nat({ max: 5 }),
      fc.oneof(fc.constant(''), oddText, fc.constant('.')),
    )
    .map(([text, place, length, put]) => {
      const at = text === '' ? 0 : place % text.length
      return text.slice(0, at) + put + text.slice(at + length)
    })

const lettersOfUrls = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
function urlText(marks: string) {
  const all = lettersOfUrls + marks
  const plain = fc.nat({ max: all.length - 1 }).map((place) => all.charAt(place))
  return fc.string({
    unit: fc.oneof(
      { weight: 10, arbitrary: plain },
      { weight: 1, arbitrary: codePoint.map(encodeURIComponent) },
    ),
  })
}
const pathText = urlText("-._~!$&'()*+,;=:@")
const queryText = urlText("-._~!$&'()*+,;=:@/?")

/** Web addresses as `fc.webUrl` makes them, which first lists a million characters: 1 s. */
export const webAddress: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('http', 'https'),
    fc.webAuthority(),
    fc.array(
      pathText.map((segment) => `/${segment}`),
      { maxLength: 5 },
    ),
    fc.option(
      queryText.map((query) => `?${query}`),
      { nil: '' },
    ),
    fc.option(
      queryText.map((fragment) => `#${fragment}`),
      { nil: '' },
    ),
  )
  .map(([scheme, authority, path, query, fragment]) =>
    [scheme, '://', authority, ...path, query, fragment].join(''),
  )
