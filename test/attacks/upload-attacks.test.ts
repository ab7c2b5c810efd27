import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startUploadFixture, uploadAttacks } from './uploads.ts'

const fixture = await startUploadFixture()
after(fixture.stop)

for (const { target, name, expected, run } of uploadAttacks(fixture))
  test(`${target}: ${name}: ${expected}`, async () => {
    assert.equal(await run(), expected)
  })
