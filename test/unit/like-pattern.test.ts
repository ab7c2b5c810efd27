import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLikeMatcher } from '../../shared/events/like-pattern.ts'

const rows: [pattern: string, like: string[], unlike: string[]][] = [
  ['created', ['created', 'CREATED', 'Created'], ['', 'create', 'created ', 'recreated']],
  ['app.%', ['app.', 'app.instance', 'APP.X%'], ['app', 'xapp.', 'apps']],
  ['%.created', ['.created', 'app.instance.created'], ['created', '.created.']],
  ['%instance%', ['instance', 'app.INSTANCE.created'], ['instanc', 'inst.ance']],
  ['a%c%e', ['ace', 'abcde', 'aXcXcXe', 'aeceace'], ['ac', 'ae', 'aec', 'abcdef']],
  ['%', ['', 'x', '%'], []],
  ['%%', ['', 'x', 'xx'], []],
  ['a%a', ['aa', 'aba'], ['a', 'ab']],
  ['ab%ba', ['abba', 'abxba'], ['aba']],
  ['a%b%b', ['abb', 'axbxb'], ['ab', 'ba']],
  ['a_c', ['a_c', 'A_C'], ['abc']],
  ['a.c', ['a.c'], ['abc']],
  ['a*', ['a*'], ['a', 'aa']],
  ['(a|b)[c]\\d$^', ['(a|b)[c]\\d$^'], ['ac1']],
  ['blå%🦉', ['BLÅ 🦉', 'blå🦉'], ['bla 🦉']],
  ['%\n%', ['a\nb'], ['ab']],
]
for (const [pattern, like, unlike] of rows)
  test(`${JSON.stringify(pattern)} is like ${like.length} texts and unlike ${unlike.length}`, () => {
    const isLike = createLikeMatcher([pattern])
    assert.deepEqual(
      [...like, ...unlike].filter((text) => isLike(text)),
      like,
    )
  })

test('a pattern made to be slow is fast', () => {
  const isLike = createLikeMatcher([`${'%a'.repeat(1000)}%b`]) // a regular expression of it would take longer than the sun has
  assert.equal(isLike('a'.repeat(2000)), false)
  assert.equal(isLike(`${'a'.repeat(1000)}b`), true)
})

test('one of several patterns is enough; no pattern matches everything', () => {
  const texts = ['a.created', 'B.Created', 'b.deleted', '']
  const like = (patterns: string[]) => texts.filter(createLikeMatcher(patterns))
  assert.deepEqual(like(['b.%', '%.CREATED']), ['a.created', 'B.Created', 'b.deleted'])
  assert.deepEqual(like([]), texts)
})

test('lower-cases a text once, however many patterns there are', (t) => {
  const { mock } = t.mock.method(String.prototype, 'toLowerCase')
  const isLike = createLikeMatcher(Array.from({ length: 20 }, (_, i) => `%a${i}b%`))
  const before = mock.callCount()
  assert.equal(isLike('A19B'), true)
  assert.equal(mock.callCount() - before, 1)
})
