import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyAttacks } from './policy.ts'
import { policyToken } from './policy-fixture.ts'
import { sharedPolicy } from './shared-policy.ts'

const endPoint = sharedPolicy.newEndpoint()

for (const { name, expected, run } of policyAttacks({
  ...sharedPolicy,
  endPoint,
  token: await policyToken(),
}))
  test(`${name}: ${expected}`, async () => {
    assert.equal(await run(), expected)
  })
