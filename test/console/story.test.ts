// The whole story in the console, and sending again.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route } from 'playwright-core'
import { createOwnApp } from '../support/own-app.ts'
import { storeEarlier } from '../support/stored-events.ts'
import { assertAccessible, assertFits, skip } from './fixture.ts'
import { sharedConsole } from './shared-console.ts'

const HOSTILE = '</pre><script>document.title = "attacked"</script>'

test(
  'subscribe, publish, see it fail, pause, fix it, send again, resume, see it delivered',
  { skip },
  async () => {
    const { openAs, receiver } = sharedConsole()
    const { page, faults, close } = await openAs('ttd', 'subscribe')
    receiver.behave({ status: 500, body: HOSTILE }, '/story')
    await page.getByLabel('Endepunkt').fill(`${receiver.url}/story`)
    await page.getByLabel('Ressurs', { exact: true }).fill('urn:altinn:resource:app_ttd_story')
    await page.getByRole('button', { name: 'Abonner', exact: true }).click()
    const publish = page.getByRole('button', { name: 'Publiser' })
    const arrivals = page.getByRole('list', { name: 'Det som er publisert' }).getByRole('listitem')
    for (let count = 1; count <= 3; count++) {
      await publish.click()
      await arrivals.nth(count - 1).waitFor()
    }
    for (let index = 0; index < 3; index++) await arrivals.nth(index).getByText('Oppgitt').waitFor()
    await arrivals.first().getByRole('link').click()
    await page.locator('.time-line > li').nth(1).waitFor()
    assert.equal(await page.locator('.time-line pre').first().textContent(), HOSTILE)

    await page.getByRole('link', { name: /^Abonnement \d+/ }).click()
    await page.getByText('Begynte å feile').waitFor() // six failures in a row: its circuit is open
    await page.getByRole('button', { name: 'Sett på pause' }).click()
    await page.locator('.page-heading').getByText('Satt på pause').waitFor()
    receiver.behave({}, '/story')
    await page.getByRole('link', { name: 'Send på nytt' }).click()
    await page.getByText('3 hendelser blir sendt på nytt.').waitFor()
    await assertAccessible(page)
    await page.getByRole('button', { name: 'Send på nytt' }).click()
    await page.getByText('Ferdig').waitFor()
    await page.getByText('Det er ingenting å sende på nytt her.').waitFor()
    await assertAccessible(page)
    await page.getByRole('link', { name: 'Se leveringene' }).click()
    await page
      .getByRole('cell', { name: /Venter/ })
      .nth(2)
      .waitFor()
    await page.getByRole('button', { name: 'Fortsett' }).click()
    for (let index = 0; index < 3; index++)
      await page
        .getByRole('cell', { name: /Levert/ })
        .nth(index)
        .waitFor()
    await page.locator('.page-heading').getByText('Leverer').waitFor()
    assert.notEqual(await page.title(), 'attacked')
    assert.deepEqual(faults, [])
    await close()
  },
)

test(
  'a replay has an address, says what is wrong with its times, shows how far it is, and is cancelled',
  { skip },
  async () => {
    const { app, openAs, receiver, stores } = sharedConsole()
    const { id } = await (await createOwnApp(app, receiver, 'again')).subscribe()
    await storeEarlier(stores, 'again', 150) // more than a page of a replay
    const { page, faults, close } = await openAs('ttd', `subscriptions/${id}/replay?only=all`, {
      locale: 'en-GB',
      width: 360,
    })
    await page.getByText('150 events are sent again.').waitFor()
    await page.getByLabel('To', { exact: true }).fill('2020-01-01T00:00')
    await page.getByText('“To” must be after “From”.').waitFor()
    await assertFits(page)
    await assertAccessible(page)
    assert.match(page.url(), /only=all&from=.*&to=2020-01-01/)
    await page.getByLabel('To', { exact: true }).fill('')
    await page.getByRole('button', { name: 'Send again' }).click()
    await page.getByRole('button', { name: 'Cancel' }).waitFor()
    await page.locator('#last:focus').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('What is in the backlog already is sent.').waitFor()
    await page.locator('#last:focus').waitFor()
    await assertFits(page)
    await assertAccessible(page)
    assert.deepEqual(faults, [])
    await close()
  },
)

test(
  'a replay takes years of four digits, and says what is no time beside its field',
  { skip },
  async () => {
    const { app, openAs, receiver } = sharedConsole()
    const { id } = await (await createOwnApp(app, receiver, 'years')).subscribe()
    const { page, faults, close } = await openAs('ttd', `subscriptions/${id}/replay`, {
      locale: 'en-GB',
    })
    await page.getByText('There is nothing to send again here.').waitFor()
    const to = page.getByLabel('To', { exact: true })
    await to.pressSequentially('010120201200p') // noon, on a clock of 12 hours too
    assert.equal(await to.inputValue(), '2020-01-01T12:00')
    await to.fill('')
    await page.getByLabel('From', { exact: true }).fill('202611-01-01T00:00')
    await page.getByText('Enter the date and time to begin at.').waitFor()
    assert.deepEqual(faults, [])
    await close()
  },
)

test(
  'a replay begins once it is counted and has something to send, and shows its progress without a count too',
  { skip },
  async () => {
    const { app, openAs, receiver } = sharedConsole()
    const own = await createOwnApp(app, receiver, 'counted')
    const { id } = await own.subscribe()
    const { page, faults, close } = await openAs('ttd', `subscriptions/${id}/replay?only=all`, {
      locale: 'en-GB',
    })
    const start = page.getByRole('button', { name: 'Send again' })
    const isIdle = () => start.getAttribute('aria-disabled')
    await page.getByText('There is nothing to send again here.').waitFor()
    assert.equal(await isIdle(), 'true')
    await own.publish()
    const { release, answer } = heldAnswer({ json: { count: '1000+' } })
    await page.route('**/replay/preview', answer, { times: 1 })
    await page.getByLabel('What is missing').check()
    await page.getByText('Counting …').waitFor()
    assert.equal(await isIdle(), 'true')
    await page.getByLabel('What is missing').press('Enter') // submits a form
    release()
    await page.getByText('1000+ events are sent again.').waitFor()
    assert.equal(await page.getByText('Last sent again').count(), 0)
    const unable = { status: 500, json: { detail: 'Try it later.' } }
    await page.route('**/replay/preview', (route) => route.fulfill(unable), { times: 1 })
    await page.getByLabel('Everything').check()
    await page.getByText('How many it will be could not be counted.').waitFor()
    let replay = { id: 'r', only: 'all', state: 'running', examined: 7, sent: 7, ...times }
    let isStarted = false
    await page.route('**/replay', (route) => {
      isStarted ||= route.request().method() === 'POST'
      return isStarted ? route.fulfill({ json: replay }) : route.continue()
    })
    await start.click()
    const progress = page.getByRole('progressbar', { name: 'How far it is' })
    await progress.waitFor()
    assert.equal(await progress.getAttribute('value'), null)
    await assertAccessible(page)
    replay = { ...replay, state: 'done' }
    await page.getByText('One event is sent again.').waitFor()
    await page.route('**/replay/preview', (route) => route.fulfill({ json: { count: '0' } }))
    replay = { ...replay, id: 'done before it was seen to run' }
    await page.getByText('There is nothing to send again here.').waitFor()
    assert.deepEqual(faults, [])
    await close()
  },
)

const times = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' }

/** An answer that a page gets once it is released. */
function heldAnswer(response: { json: object }) {
  const { promise, resolve: release } = Promise.withResolvers<void>()
  return { release, answer: (route: Route) => promise.then(() => route.fulfill(response)) }
}
