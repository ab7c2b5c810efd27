import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { newEventId } from '../../shared/events/event-id.ts'
import { type TestStores } from '../support/stores.ts'
import { eventuallyByApi } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'
import { readsPoison } from './reads-poison.ts'

const startShared = useApp(readsPoison)
let stores: TestStores
before(async () => {
  ;({ stores } = await startShared())
})

const nonsense: [queue: string, text: string, reason: RegExp][] = [
  ['replays', 'this is no JSON', /^makes no sense: /],
  ['replays', '{"v":1,"subscription":5}', /^makes no sense: .*subscription/],
  ['replays', JSON.stringify({ v: 1, subscription: '1', replay: newEventId() }), /^names no/],
  ['subscription-validation', '{"v":1}', /^makes no sense: .*consumer/],
  [
    'subscription-validation',
    '{"v":1,"consumer":"/org/ttd","subscription":"a/b","attempt":0}', // no id of a document
    /^makes no sense: .*subscription/,
  ],
  ['drains', '[]', /^makes no sense: /],
  ['events-retry', '{"v":2}', /^makes no sense: /],
]
for (const [queue, text, reason] of nonsense)
  test(`keeps an invalid message of ${queue} as poison: ${text.slice(0, 25)}`, async () => {
    await stores.send(`${queue}-poison`, text)
    const kept = await eventuallyByApi('kept', async () =>
      (
        await stores.documents<{ id: string; queue: string; reason: string; text: string }>(
          'poison',
        )
      ).find((one) => one.queue === queue && one.text === text),
    )
    assert.match(kept.reason, reason)
  })
