// Turning pages of 10,000 deliveries. The emulators hold 5,000 documents a container at most, so here alone the browser gets
// made-up answers: what is measured is the console.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CDPSession } from 'playwright-core'
import { createOwnApp } from '../support/own-app.ts'
import { skip } from './fixture.ts'
import { sharedConsole } from './shared-console.ts'

const COUNT = 10_000
const TURN_MS = 100

const TURNS = 10

/** Turns ten pages, each once the one before is shown. */
const turnPages = `(async () => {
  const first = () => document.querySelector('#deliveries').closest('section').querySelector('td a')?.textContent
  for (let turn = 0; turn < ${TURNS}; turn++) {
    const before = first()
    ;[...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Eldre').click()
    while (first() === before) await new Promise(requestAnimationFrame)
  }
})()`

/** Lays out a plain table of 500 rows twice: the measure of what this machine does now, with all that runs beside. */
const layOut = `(() => {
  const table = document.body.appendChild(document.createElement('table'))
  for (let round = 0; round < 2; round++) {
    table.innerHTML = '<tr><td><a href="#">x</a><td>y<td>z</tr>'.repeat(500)
    table.getBoundingClientRect()
  }
  table.remove()
})()`
const LAY_OUT_MS = 150 // where nothing else runs

/** Returns how long the browser's own thread for a page has worked so far, in ms of the processor. */
async function workOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN) * 1000
}

test('a page of 10,000 deliveries is turned by less than 100 ms of work', { skip }, async () => {
  const { app, openAs, receiver } = sharedConsole()
  const own = await createOwnApp(app, receiver, 'paged')
  const { id } = await own.subscribe()
  const { page, faults, close } = await openAs('ttd', '')
  await page.route('**/deliveries?*', (route) =>
    route.fulfill({ json: pageOf(new URL(route.request().url()).searchParams) }),
  )
  await page.getByRole('link', { name: `Nr. ${id}` }).click()
  await page.getByRole('button', { name: 'Eldre' }).waitFor()
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' }) // not what it waits for other tests
  async function workFor(script: string) {
    const before = await workOf(session)
    await page.evaluate(script)
    return (await workOf(session)) - before
  }
  await page.evaluate(turnPages) // the browser compiles what it runs often
  const laidOut = await workFor(layOut)
  const ofATurn = (await workFor(turnPages)) / TURNS
  const limit = TURN_MS * Math.max(1, laidOut / LAY_OUT_MS)
  assert.ok(ofATurn > 0 && ofATurn < limit, `${ofATurn} ms, the limit is ${limit} ms`)
  assert.deepEqual(faults, [])
  await session.detach()
  await close()
})

/** Returns a page of the made-up deliveries, newest first. */
function pageOf(query: URLSearchParams) {
  const size = Number(query.get('size'))
  const begin = query.get('after') === null ? COUNT : Number(query.get('after')?.slice(-12))
  const deliveries = Array.from({ length: Math.min(size, begin) }, (_, index) =>
    deliveryOf(begin - 1 - index),
  )
  return { deliveries, ...(begin > size && { next: deliveries.at(-1)?.event }) }
}

const deliveryOf = (index: number) => ({
  event: `019ba3f1-5c4c-7b5e-8c3c-${String(index).padStart(12, '0')}`,
  resource: 'urn:altinn:resource:app_ttd_paged',
  subject: `/party/${index}`,
  acceptedAt: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
  state: 'delivered',
  run: 0,
  attempts: [{ at: '2026-01-01T00:00:00.000Z', ms: 37, status: 200, answer: '' }],
})
