import assert from 'node:assert/strict'
import { test } from 'node:test'
import { likeness } from '../shared/wildcard.ts'

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
    const isLike = likeness(pattern)
    assert.deepEqual(
      [...like, ...unlike].filter((text) => isLike(text)),
      like,
    )
  })

test('a pattern made to be slow is not', () => {
  const isLike = likeness(`${'%a'.repeat(1000)}%b`) // a regular expression of it would take longer than the sun has
  assert.equal(isLike('a'.repeat(2000)), false)
  assert.equal(isLike(`${'a'.repeat(1000)}b`), true)
})
