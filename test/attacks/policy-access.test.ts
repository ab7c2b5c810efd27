import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startPolicyAccessFixture } from './access-fixture.ts'
import { decisionAttacks } from './decisions.ts'
import { routeAttacks } from './routes.ts'

// The same tables as in access.test.ts, decided by a policy decision point.
const fixture = await startPolicyAccessFixture()
after(fixture.stop)

for (const attacks of [await routeAttacks(fixture), await decisionAttacks(fixture)])
  for (const { name, expected, run } of attacks)
    test(`${name}: ${expected}`, async () => {
      assert.equal(await run(), expected)
    })
