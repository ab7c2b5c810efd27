import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { Attack } from './attack.ts'
import { startWebhookFixture } from './webhook-fixture.ts'
import { webhookAttacks } from './webhooks.ts'

const fixture = await startWebhookFixture()
after(() => fixture.stop())
const attacks = Map.groupBy(await webhookAttacks(fixture), ({ target }) =>
  target === 'inside' ? 'after' : 'before',
)

function testEach(list: Attack[] = []): void {
  for (const { target, name, expected, run } of list)
    test(`${target} ${name}`, async () => {
      assert.equal(await run(), expected)
    })
}
describe('as a subscriber', { concurrency: 12 }, () => testEach(attacks.get('before')))
describe('inside, after the attacks', () => testEach(attacks.get('after')))
