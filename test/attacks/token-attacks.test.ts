import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startTokenFixture } from './token-fixture.ts'
import { tokenAttacks } from './tokens.ts'

const fixture = await startTokenFixture()
after(fixture.stop)

for (const { target, name, expected, run } of tokenAttacks(fixture))
  test(`${target}: ${name}`, async () => {
    assert.equal(await run(), expected)
  })
