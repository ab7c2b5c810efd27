import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { policyAttacks } from './policy.ts'
import { startPolicyFixture } from './policy-fixture.ts'

const fixture = await startPolicyFixture()
after(fixture.stop)

for (const { name, expected, run } of policyAttacks(fixture))
  test(`${name}: ${expected}`, async () => {
    assert.equal(await run(), expected)
  })
