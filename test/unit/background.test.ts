import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createBackground } from '../../shared/telemetry/background.ts'

test('a process that stops waits for what its background work has begun too', async () => {
  const background = createBackground()
  const ended: string[] = []
  const last = async () => {
    await nextTurn()
    ended.push('last')
  }
  const first = async () => {
    await nextTurn()
    background.run(last())
    ended.push('first')
  }
  background.run(first())
  await background.idle()
  assert.deepEqual(ended, ['first', 'last'])
})
