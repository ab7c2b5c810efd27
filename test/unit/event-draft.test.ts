import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEventDraft } from '../../shared/events/event-draft.ts'
import { parseJson } from '../../shared/http/json.ts'

const accept = (text: string) => parseEventDraft({ text, value: parseJson(text) })
const eventWith = (member: string) =>
  `{"type":"a","source":"https://ttd.apps.altinn.no/ttd/app","subject":"/party/1","specversion":"1.0",${member}}`

for (const number of ['1', '1.0', '1e400', '-0', '9007199254740993']) {
  test(`the number ${number} is no event`, () => {
    assert.throws(() => accept(number), { status: 400, message: /must be a JSON object/ })
  })
  test(`the number ${number} is no media type`, () => {
    const event = eventWith(`"contenttype":${number}`)
    assert.throws(() => accept(event), { status: 400, message: /"contenttype" must be a string/ })
  })
}

for (const number of ['1', '1.0'])
  test(`a body that is nested deeply is refused for that, with the number ${number}`, () => {
    const text = `${'['.repeat(100_000)}${number}${']'.repeat(100_000)}`
    assert.throws(() => accept(text), { status: 400, message: /nested deeper than 32 levels/ })
  })

test('an event that Cosmos DB has no room for is refused, however few characters it has', () => {
  const event = eventWith(`"data":"${'\u20ac'.repeat(700_000)}"`) // 1.4 MB in UTF-16, 2.1 MB in UTF-8
  assert.throws(() => accept(event), { status: 413 })
})
