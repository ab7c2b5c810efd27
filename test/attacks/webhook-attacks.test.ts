import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import type { Attack } from './attack.ts'
import { startWebhookLab } from './webhook-fixture.ts'
import { webhookAttacks } from './webhooks.ts'

const lab = await startWebhookLab()
after(() => lab.stop())
const attacks = Map.groupBy(await webhookAttacks(lab), ({ on }) =>
  on === 'inside' ? 'after' : 'before',
)

function testEach(list: Attack[] = []): void {
  for (const { on, what, expected, got } of list)
    test(`${on} ${what}`, async () => {
      assert.equal(await got(), expected)
    })
}
describe('whoever subscribes', { concurrency: 12 }, () => testEach(attacks.get('before')))
describe('what is inside, after all that', () => testEach(attacks.get('after')))
