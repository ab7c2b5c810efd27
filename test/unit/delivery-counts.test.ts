import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeliveryCounts } from '../../shared/telemetry/delivery-counts.ts'

test('the deliveries of some seconds are one line of the log, and those after it another', async () => {
  const lines: string[] = []
  const { promise: written, resolve } = Promise.withResolvers<void>()
  const write = (line: string) => {
    lines.push(line)
    resolve()
  }
  const counts = createDeliveryCounts(write, 5)
  for (const state of ['delivered', 'delivered', 'changed']) counts.count(state)
  assert.deepEqual(lines, [])
  const held = setTimeout(() => {}, 60_000) // the timer of the counts keeps no process alive
  await written
  clearTimeout(held)
  counts.count('dead')
  counts.flush()
  counts.flush() // which has nothing more to say
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { what: 'deliveries.recorded', delivered: 2, waiting: 0, backlog: 0, dead: 0, changed: 1 },
      { what: 'deliveries.recorded', delivered: 0, waiting: 0, backlog: 0, dead: 1 },
    ],
  )
})
