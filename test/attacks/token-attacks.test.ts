import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startTokenLab } from './token-fixture.ts'
import { tokenAttacks } from './tokens.ts'

const lab = await startTokenLab()
after(lab.stop)

for (const { on, what, expected, got } of tokenAttacks(lab))
  test(`${on}: ${what}`, async () => {
    assert.equal(await got(), expected)
  })
