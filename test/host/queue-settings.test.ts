import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openQueues, pollingDelay } from '../../local/host/queue.ts'
import { describeFunction } from '../../local/host/worker.ts'

test('rejects a missing connection and an invalid queue name at the start', (t) => {
  process.env['HOST_TEST_QUEUES'] = 'UseDevelopmentStorage=true'
  t.after(() => delete process.env['HOST_TEST_QUEUES'])
  const open = (trigger: { queueName: string; connection?: string }) => () => {
    const bindings = { message: { type: 'queueTrigger', ...trigger } }
    return openQueues(describeFunction({ name: 'f', bindings }, () => undefined))
  }
  const connection = 'HOST_TEST_QUEUES'
  for (const queueName of ['%NAME%', 'under_score', 'two--hyphens', 'ab', 'x'.repeat(64)])
    assert.throws(
      open({ queueName, connection }),
      new RegExp(`^Error: "${queueName}" is no queue's name$`),
    )
  assert.equal(open({ queueName: 'Upper-Case', connection })().queue.name, 'upper-case')
  assert.throws(
    open({ queueName: 'abc', connection: 'NO_SUCH' }),
    /"f": the setting NO_SUCH is missing/,
  )
  assert.throws(open({ queueName: 'abc' }), /the setting AzureWebJobsStorage is missing/)
})

test('polls less often while a queue is empty, up to maxPollingInterval', () => {
  for (const [empty, expected] of [100, 200, 300, 500, 900].entries()) {
    const wait = pollingDelay(empty + 1, 1000)
    const chance = expected === 100 ? 0 : (expected - 100) * 0.2
    assert.ok(wait >= expected - chance && wait <= expected + chance, `${wait} for ${expected}`)
  }
  assert.equal(pollingDelay(6, 1000), 1000)
  assert.equal(pollingDelay(5000, 1000), 1000)
})
