// Timer triggers of the local host (local/host), and runs by hand.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { parseSchedule } from '../../local/host/timer.ts'
import { startHost } from './fixture/host-process.ts'
import { eventually } from '../support/stores.ts'

const settings = { 'AzureWebJobs.never-on.Disabled': '1' }
const ends: (() => unknown)[] = []
let began: number
let host: Awaited<ReturnType<typeof startHost>>
before(async () => {
  began = Date.now()
  host = await startHost({ after: (end) => ends.push(end) }, 'timers.cjs', { settings })
})
after(() => Promise.all(ends.map((end) => end())))
const byHand = '[information] Function.never-on.User: by hand'
const run = (name: string, body = '{}') =>
  fetch(`${host.url}/admin/functions/${name}`, { method: 'POST', body })

test('runs a timer by its schedule, never twice at once', async () => {
  const runs = () => host.entries('every-second')
  const [first, second] = await eventually('two runs', () => runs().length > 1 && runs())
  assert.partialDeepStrictEqual(first, {
    timer: {
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: { last: '0001-01-01T00:00:00+00:00' },
    },
    running: 1,
  })
  assert.equal(second?.['running'], 1)
  assert.ok(Number(second?.['at']) - Number(first?.['at']) >= 1300, 'a run lasts 1.3 s')
  const { last, next } = Object(second?.['timer']).scheduleStatus
  assert.match(next, /:\d\d\.000Z$/)
  assert.ok(Date.parse(last) >= began && Date.parse(last) <= Number(first?.['at']))
})

test('drops debug and trace lines, as at the default level', () => {
  assert.ok(!host.lines.some((line) => line.includes('not shown')))
})

test('runs a disabled timer by hand only: 202 at once, 404 for others, 400 without a body', async () => {
  assert.ok(!host.lines.includes(byHand))
  assert.equal((await run('never-on')).status, 202)
  await eventually('the run', () => host.lines.includes(byHand))
  for (const name of ['unknown', 'not-a-timer']) assert.equal((await run(name)).status, 404)
  assert.equal((await run('never-on', '')).status, 400)
  assert.equal((await fetch(`${host.url}/admin/functions/never-on`)).status, 404)
})

test('logs what a timer throws', async () => {
  assert.equal((await run('failing')).status, 202)
  await eventually('the line', () =>
    host.lines.includes('[error] Function.failing: Error: timer failed'),
  )
})

test('stop waits for a run by hand', async () => {
  const runs = () => host.lines.filter((line) => line === byHand).length
  const earlier = runs()
  await run('never-on')
  await eventually('its start', () => runs() > earlier)
  host.stop()
  assert.equal(await host.exitCode, 0)
  assert.equal(host.lines.filter((line) => line === `${byHand}, done`).length, earlier + 1)
})

test('schedules return the next time in UTC', () => {
  const expected: [string, string, string][] = [
    ['* * * * * *', '2026-11-24T13:00:00.400Z', '2026-11-24T13:00:01Z'],
    ['*/30 * * * * *', '2026-11-24T13:00:30Z', '2026-11-24T13:01:00Z'],
    ['0 */15 9-17 * * 1-5', '2026-11-27T17:45:00Z', '2026-11-30T09:00:00Z'],
    ['5,10 0 0 1 1,7 *', '2026-11-24T13:00:00Z', '2027-01-01T00:00:05Z'],
    ['0 0 0 29 2 *', '2096-03-01T00:00:00Z', '2104-02-29T00:00:00Z'],
    ['0 0 12 13 * 5', '2026-11-24T00:00:00Z', '2027-08-13T12:00:00Z'], // day and weekday
    ['0 1-10/4 * * * *', '2026-11-24T13:05:00Z', '2026-11-24T13:09:00Z'],
    ['0 30 2 29 3 *', '2026-01-01T00:00:00Z', '2026-03-29T02:30:00Z'], // no such time in Oslo
  ]
  for (const [schedule, from, next] of expected)
    assert.deepEqual(parseSchedule(schedule).nextRun(new Date(from)), new Date(next), schedule)
})

test('rejects an invalid schedule', () => {
  const odd = ['', '* * * * *', '0 0 0 L * *', '0 0 0 * Jan *', '* * * * * 7', '00:00:30', '%NAME%']
  const wrong = ['0 0 24 * * *', '0 0 0 0 * *', '60 * * * * *', '*/0 * * * * *', '5-1 * * * * *']
  for (const schedule of [...odd, ...wrong, '0 50/5 * * * *', '0 0 0 31 2 *'])
    assert.throws(() => parseSchedule(schedule), Error, schedule)
  assert.throws(() => parseSchedule('* * * * *'), /the schedule "\* \* \* \* \*" is not six fields/)
  assert.throws(() => parseSchedule('0 0 0 31 2 *'), /the schedule "0 0 0 31 2 \*" never comes/)
})
