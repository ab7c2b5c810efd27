import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { registerAttacks } from './register.ts'
import { startRegisterFixture } from './register-fixture.ts'

const fixture = await startRegisterFixture()
after(fixture.stop)

for (const { name, expected, run } of await registerAttacks(fixture))
  test(`${name}: ${expected}`, async () => {
    assert.equal(await run(), expected)
  })
