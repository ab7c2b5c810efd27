import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createOwnApp, type Receiver } from '../support/own-app.ts'
import { assertProblem, minutesAgo, type App } from '../support/subscriber.ts'
import { useApp } from '../support/share.ts'

const startShared = useApp()
let receiver: Receiver
let app: App
before(async () => {
  ;({ receiver, app } = await startShared())
})

test('a replay of a subscription that is not validated is rejected', async () => {
  const own = await createOwnApp(app, receiver, 'stranger')
  receiver.behave({ status: 500, validationToo: true }, own.path)
  await own.publish()
  const { id } = await own.requestSubscription()
  const body = { only: 'missing', from: minutesAgo(60) }
  await assertProblem(await own.client.call('POST', `/${id}/replay`, body), 409)
  await sleep(2000)
  assert.deepEqual(own.arrivals(), [])
})

const from = minutesAgo(60)
const only = 'missing'
const eightDaysAgo = minutesAgo(8 * 24 * 60)
const zone = /must specify a timezone/
const bad: [what: string, body: unknown, detail?: RegExp][] = [
  ['nothing', {}],
  ['no kind', { from }, /"only" is required/],
  ['an unknown kind', { only: 'some', from }, /"only" must be one of/],
  ['two kinds', { only: ['dead', 'missing'], from }, /"only" must be one of/],
  ['no beginning', { only }, /"from" is required/],
  ['a beginning without a timezone', { only, from: from.replace('Z', '') }, zone],
  ['a beginning that is a day', { only, from: from.slice(0, 10) }, zone],
  ['an end without a timezone', { only, from, to: new Date().toISOString().slice(0, 19) }, zone],
  ['a beginning in words', { only, from: 'yesterday' }, /"from"/],
  ['a beginning that is a number', { only, from: Date.now() }, /"from"/],
  ['a beginning in month 13', { only, from: '2026-13-01T00:00:00Z' }, /"from"/],
  ['a beginning in a week', { only, from: '2026-W01-1T00:00:00Z' }, /"from"/],
  ['a beginning on a numbered day', { only, from: '2026-001T00:00:00Z' }, /"from"/],
  ['a beginning without separators', { only, from: '20260101T000000+01:00' }, /"from"/],
  ['a beginning on 30 February', { only, from: '2026-02-30T00:00:00Z' }, /"from" must be a date/],
  ['a beginning at hour 25', { only, from: '2026-02-01T25:00:00Z' }, /"from" must be a date/],
  ['an end on 29 February', { only, from, to: '2027-02-29T00:00:00Z' }, /"to" must be a date/],
  ['an end in a week', { only, from, to: '2026-W52-7T00:00:00Z' }, /"to"/],
  ['an end before the beginning', { only, from, to: minutesAgo(61) }, /"from" must be before/],
  ['an end at the beginning', { only, from, to: from }, /"from" must be before "to"/],
  ['a beginning in the future', { only, from: minutesAgo(-60) }, /"from" must be before "to"/],
  ['missing events from before the retention', { only, from: eightDaysAgo }, /last 7 days/],
  ['an unknown member', { only, from, limit: 5 }, /"limit" is not allowed/],
  ['a list', [{ only, from }]],
  ['null', null],
  ['no JSON', '{'],
]

test('a replay with invalid bounds or of an unknown kind is a 400, its preview too, and starts nothing', async (t) => {
  const own = await createOwnApp(app, receiver, 'bad')
  const { id } = await own.subscribe()
  for (const [what, body, detail] of bad)
    await t.test(`for ${what}`, async () => {
      for (const path of [`/${id}/replay`, `/${id}/replay/preview`]) {
        const said = await assertProblem(await own.client.call('POST', path, body), 400)
        if (detail !== undefined) assert.match(said, detail)
      }
      await assertProblem(await own.client.call('GET', `/${id}/replay`), 404)
    })
})
