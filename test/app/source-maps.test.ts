import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { deployedUrl, eventually } from '../support/stores.ts'
import { useApp } from '../support/share.ts'

const source = path.join(import.meta.dirname, '../../functions/replay-deliveries.ts')
const startShared = useApp()
const skip = deployedUrl !== undefined && 'its log must be at hand'

test('a stack in the log names the lines of the sources', { skip }, async () => {
  assert.ok(!process.execArgv.includes('--enable-source-maps'), 'the worker has no such flag')
  const { stores, app } = await startShared()
  await stores.send('replays', { v: 1, replay: 'nonsense' })
  const frame = () => app.lines.find((line) => line.includes(`${source}:`))
  await eventually('a frame of the function', () => frame() !== undefined)
  const number = Number(frame()?.split(':').at(-2))
  const line = readFileSync(source, 'utf8').split('\n')[number - 1] ?? ''
  assert.match(line, /parseReplayMessage\(message\)/)
})
