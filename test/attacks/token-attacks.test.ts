import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sharedTokens } from './shared-tokens.ts'
import { tokenAttacks } from './tokens.ts'

for (const { target, name, expected, run } of tokenAttacks(sharedTokens))
  test(`${target}: ${name}`, async () => {
    assert.equal(await run(), expected)
  })
