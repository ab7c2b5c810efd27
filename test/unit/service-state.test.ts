import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createServiceState } from '../../shared/telemetry/service-state.ts'

test('a service counts every failure, logs one a minute, and is well again with the next answer', () => {
  const clock = { now: 0 }
  const counted: string[] = []
  const lines: string[] = []
  const state = createServiceState({
    what: 'register.failing',
    address: 'https://register.example/',
    count: (reason) => counted.push(reason),
    write: (line) => lines.push(line),
    now: () => clock.now,
  })
  assert.equal(state.status(), 'well')
  state.answered()
  for (; clock.now < 120_000; clock.now += 10_000) state.failed('status 401')
  assert.equal(counted.length, 12)
  assert.equal(lines.length, 2)
  assert.deepEqual(JSON.parse(lines[1] ?? ''), {
    what: 'register.failing',
    address: 'https://register.example/',
    reason: 'status 401',
    since: '1970-01-01T00:00:00.000Z',
  })
  assert.equal(state.status(), 'failing since 1970-01-01T00:00:00.000Z: status 401')
  state.answered()
  assert.equal(state.status(), 'well')
  state.failed('status 500')
  assert.equal(state.status(), 'failing since 1970-01-01T00:02:00.000Z: status 500')
})
