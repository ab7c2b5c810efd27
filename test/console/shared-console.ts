// What the tests of the console use one after the other: one app with its console, one browser, and one receiver.
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { skip, startConsole } from './fixture.ts'

const retrySchedule = { DELIVERY_RETRY_SECONDS: '1' } // a delivery that fails is dead after the second attempt
const started =
  skip === false ? await Promise.all([startConsole(retrySchedule), startReceiver()]) : undefined
after(() => Promise.all(started?.map((each) => each.stop()) ?? []))

/** The console and a receiver, which only skipped tests do not have. */
export function sharedConsole() {
  assert.ok(started !== undefined)
  const [site, receiver] = started
  return { ...site, receiver }
}
