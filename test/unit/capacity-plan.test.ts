import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Load } from '../../bench/capacity/database.ts'
import { planFor } from '../../bench/capacity/plan.ts'

const measured = {
  eventUnits: 20,
  deliveryUnits: 5,
  eventBytes: 1000,
  deliveryBytes: 500,
  messages: 1,
}
const plan = (events: number, given: Partial<Load> = {}) =>
  planFor({ events, subscribers: 4, retentionDays: 7, ...given }, measured)

test('sparse events cost least without a throughput of their own, steady ones with it', () => {
  assert.equal(plan(0.1).database.mode, 'serverless')
  assert.equal(plan(10).database.mode, 'autoscale')
})

test('what does not fit into a serverless container is not planned for it', () => {
  const misfit = (...of: Parameters<typeof plan>) => plan(...of).instead.database.misfit
  assert.equal(misfit(116), undefined)
  assert.equal(misfit(118), '1009 GB in one container, of 1000')
  assert.equal(misfit(100, { subscribers: 7 }), undefined)
  assert.equal(misfit(100, { subscribers: 8 }), '4000 RU/s in one container, of 5000')
})

test('storage is 90 days of events and the retention of deliveries, with a tenth for the indexes', () => {
  const day = 10 * 86_400 * 1.1
  const { gigabytes, partitions } = plan(10).database
  assert.ok(Math.abs(gigabytes - (day * (90 * 1000 + 7 * 4 * 500)) / 1e9) < 0.001)
  assert.deepEqual(partitions, { events: 2, deliveries: 1 })
  assert.ok(plan(10, { retentionDays: 90 }).database.gigabytes > 2 * gigabytes)
})

test('the maximum of autoscale is what the events need and a third, or what the storage forces', () => {
  assert.equal(plan(100, { retentionDays: 1 }).database.maxUnits, 9000) // 876 GB
  assert.equal(plan(100, { subscribers: 20, retentionDays: 1 }).database.maxUnits, 16_000) // 12,000 used
})

test('one queue carries 1,500 events a second, and one storage account 5,000', () => {
  const counts = [1500, 1501, 5001].map((events) => plan(events).parameters)
  assert.deepEqual(
    counts.map(({ inboundQueues, storageAccounts }) => [inboundQueues, storageAccounts]),
    [
      [1, 1],
      [2, 1],
      [4, 2],
    ],
  )
})

test('what breaks first comes first', () => {
  const { ceilings, database } = plan(100)
  const rates = ceilings.map(({ perSecond }) => perSecond)
  assert.deepEqual(
    rates,
    [...rates].toSorted((one, other) => one - other),
  )
  assert.equal(rates[0], database.unitsOfPartition / 20)
})

for (const [args, message] of [
  [['--subscribers', '3'], /^--events must be a number from 0.001 to 100000\.\n$/],
  [['--events', 'many'], /^--events must be/],
  [['--events', '1', '--retention', '91'], /^--retention must be a number from 1 to 90\.\n$/],
  [['--event', '1'], /^Unknown option '--event'/],
] as const)
  test(`the command names a wrong option: ${args.join(' ')}`, async () => {
    const run = promisify(execFile)(process.execPath, ['bench/capacity/answer.ts', ...args])
    await assert.rejects(run, ({ code, stderr }) => {
      assert.equal(code, 2)
      assert.match(stderr, message)
      return true
    })
  })

test('the command answers which parameters, what it costs and what breaks first', async () => {
  const args = ['bench/capacity/answer.ts', '--events', '1000', '--subscribers', '3']
  const { stdout } = await promisify(execFile)(process.execPath, args)
  assert.match(stdout, /cosmosMaxThousandRequestUnits +\d+\n/)
  assert.match(stdout, /logDailyCapGb +\d+, of at most 100/)
  assert.match(stdout, /Cost of a month, USD\n[^]*What breaks first, in events a second\n/)
})
