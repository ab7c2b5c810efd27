import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startTokenLab } from '../proof/attacks/token-lab.ts'
import { tokenAttacks } from '../proof/attacks/tokens.ts'

const lab = await startTokenLab()
after(lab.stop)

for (const { on, what, expected, got } of tokenAttacks(lab))
  test(`${on}: ${what}`, async () => {
    assert.equal(await got(), expected)
  })
