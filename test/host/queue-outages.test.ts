import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startFaultProxy } from '../../local/fault-proxy.ts'
import { eventually } from '../support/stores.ts'
import { hostAt, createAccount, encode, runsOf, ended } from './fixture/queue-account.ts'

describe('a queue whose storage or host fails', { concurrency: true }, () => {
  test('survives an outage of storage; stop waits for running work, and releases late messages', async (t) => {
    const own = await createAccount('work')
    const proxy = await startFaultProxy(own.connection)
    t.after(() => proxy.stop())
    const other = await hostAt(t, proxy.connection, 'work')
    await proxy.close()
    const lines = () => other.lines.filter((line) => line.includes('queue work: '))
    await eventually('the line', () => lines().length > 0)
    await proxy.open()
    await own.send('work', { mark: 'last', sleep: 2000 })
    await eventually('its start', () => runsOf(other, 'work', 'last').length > 0)
    assert.deepEqual(lines(), [
      '[warning] Host: queue work: ECONNREFUSED',
      '[warning] Host: queue work: readable',
    ])

    let polled = false
    proxy.plan = ({ method }) => {
      polled ||= method === 'GET'
      return method === 'GET' ? { delayMs: 4000 } : undefined
    }
    await eventually('a poll', () => polled)
    await own.send('work', { mark: 'too late' }) // that poll will lease it
    other.stop()
    assert.equal(await other.exitCode, 0)
    assert.ok(other.entries('work').some(({ done }) => Object(done).mark === 'last'))
    assert.deepEqual(runsOf(other, 'work', 'too late'), [])
    const { receivedMessageItems } = await own
      .queue('work')
      .receiveMessages({ numberOfMessages: 32 })
    assert.deepEqual(
      receivedMessageItems.map(({ messageText, dequeueCount }) => [messageText, dequeueCount]),
      [[encode({ mark: 'too late' }), 2]],
    )
  })

  test('ends a call that hangs after 10 s', async (t) => {
    const own = await createAccount('work')
    const proxy = await startFaultProxy(own.connection)
    t.after(() => proxy.stop())
    proxy.plan = () => 'hang'
    const other = await hostAt(t, proxy.connection, 'work')
    await eventually(
      'the line',
      () => other.lines.includes('[warning] Host: queue work: unreadable'),
      30,
    )
    proxy.plan = () => undefined
    await own.send('work', { mark: 'after all' })
    await ended(other, 'work', 'after all')
  })

  test('an unhandled error ends the process; its message returns after the lease', async (t) => {
    const own = await createAccount('work')
    const other = await hostAt(t, own.connection, 'work')
    await own.send('work', { mark: 'die', die: true })
    assert.equal(await other.exitCode, 1)
    assert.ok(other.lines.includes('Error: nobody awaits this'))
    assert.equal((await own.textsOf('work')).length, 0)
    const receive = async () => (await own.queue('work').receiveMessages()).receivedMessageItems[0]
    assert.equal((await eventually('the end of the lease', receive)).dequeueCount, 2)
  })
})
