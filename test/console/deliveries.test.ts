// A subscription and its deliveries in the console, as they come.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { createOwnApp } from '../support/own-app.ts'
import { assertAccessible, assertFits, signIn, skip, waitForFocus } from './fixture.ts'
import { sharedConsole } from './shared-console.ts'

const HOSTILE = '<img src=x onerror="document.title=\'attacked\'">'

test('a delivery appears by itself, is opened, verified and sent again', { skip }, async () => {
  const { app, openAs, receiver } = sharedConsole()
  const own = await createOwnApp(app, receiver, 'watched')
  const { id, secret = '' } = await own.subscribe()
  receiver.behave({ status: 500, body: HOSTILE }, own.path)
  const { page, faults, close } = await openAs('ttd', `subscriptions/${id}`)
  await page.getByText('Ingen leveringer her.').waitFor()
  const event = await own.publish({ type: HOSTILE })
  await page.getByRole('link', { name: event }).waitFor()
  await page.getByRole('cell', { name: /Oppgitt.*Ga opp etter 2 forsøk. Svarte 500/ }).waitFor()
  await assertAccessible(page)

  await page.getByRole('link', { name: event }).click()
  await page.getByRole('heading', { name: 'Levering', exact: true }).waitFor()
  await waitForFocus(page, 'Levering')
  await page.locator('.time-line > li').nth(1).waitFor()
  assert.equal(await page.locator('.time-line pre').first().textContent(), HOSTILE)
  assert.match(
    String(await page.locator('pre', { hasText: '"type"' }).first().textContent()),
    /onerror/,
  )
  await page.getByLabel('Hemmelighet').fill(secret)
  await page.getByRole('button', { name: 'Sjekk signaturen' }).click()
  await page.getByText('Signaturen stemmer.').waitFor()
  await page.getByLabel('webhook-timestamp').fill('1')
  await page.getByRole('button', { name: 'Sjekk signaturen' }).click()
  await page.getByText('Signaturen stemmer ikke').waitFor()
  await assertAccessible(page)

  receiver.behave({}, own.path)
  await page.getByRole('button', { name: 'Send på nytt' }).click()
  await page.locator('.page-heading').getByText('Levert').waitFor()
  await waitForFocus(page, 'Levering')
  await page.getByRole('button', { name: 'Sjekk signaturen' }).click() // of the new attempt
  await page.getByText('Signaturen stemmer.').waitFor()
  await page.getByText('Én gang').waitFor()
  assert.notEqual(await page.title(), 'attacked')
  assert.deepEqual(faults, [])
  await close()
})

test(
  'deliveries are shown by state and in pages, at an address that can be sent to a colleague',
  { skip },
  async () => {
    const { app, openAs, receiver } = sharedConsole()
    const own = await createOwnApp(app, receiver, 'many')
    const { id } = await own.subscribe()
    const events = await own.publishMany(30)
    await own.allArrived(events)
    const { page, faults, close } = await openAs('ttd', `subscriptions/${id}?state=delivered`, {
      locale: 'en-GB',
    })
    const [oldest = '', newest = ''] = [events[0], events.at(-1)]
    await page.getByRole('link', { name: newest }).waitFor()
    assert.equal(await page.getByRole('link', { name: oldest }).count(), 0)
    await page.getByRole('button', { name: 'Older' }).click()
    await page.getByRole('link', { name: oldest }).waitFor()
    await waitForFocus(page, 'Deliveries')
    assert.match(page.url(), /state=delivered&after=/)
    await page.goBack()
    await page.getByRole('link', { name: newest }).waitFor()
    const answer = { complete: false, seconds: 60, ...twoDays, buckets: [bucket] }
    await page.route('**/statistics?*', (route) => route.fulfill({ json: answer }))
    await page.getByRole('combobox', { name: /^Interval/ }).selectOption('week')
    await page
      .getByText(/Only the newest are counted: those from 1 Jan 2026, .* to 3 Jan 2026, /)
      .waitFor()
    await page.getByText('the whole interval').first().waitFor() // what the legends are about
    await page.getByText('up to 30 ms').waitFor()
    await page.getByRole('combobox', { name: /^Show/ }).selectOption('dead')
    await page.getByText('No deliveries here.').waitFor()
    assert.match(page.url(), /\?state=dead$/)
    assert.deepEqual(faults, [])
    await close()
  },
)

test(
  'a new secret is shown once, and takes a token where a cookie is enough to read; a stranger is told so',
  { skip },
  async () => {
    const { app, open, openAs, receiver } = sharedConsole()
    const own = await createOwnApp(app, receiver, 'secret')
    const { id } = await own.subscribe()
    const { page, close } = await openAs('ttd', `subscriptions/${id}`)
    await page.getByRole('button', { name: 'Lag en ny hemmelighet' }).click()
    await page.getByText(/^whsec_/).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Logg inn' }).waitFor()
    assert.equal(await page.getByText(/^whsec_/).count(), 0)
    await close()
    const cookie = await mintToken(callerClaims.ttd)
    const reader = await open(`subscriptions/${id}`, { cookie })
    await reader.page.getByText('Leser med Altinns informasjonskapsel').waitFor()
    await reader.page.getByRole('button', { name: 'Lag en ny hemmelighet' }).click()
    await reader.page.getByText('å endre noe trenger et token').waitFor()
    await signIn(reader.page, 'ttd')
    await reader.page.getByText(/^whsec_/).waitFor()
    await waitForFocus(reader.page, 'Lag en ny hemmelighet')
    await reader.close()
    const stranger = await openAs('skd', `subscriptions/${id}`)
    await stranger.page.getByText('Du har ikke rett til dette:').first().waitFor()
    await assertAccessible(stranger.page)
    await stranger.close()
  },
)

const twoDays = { from: '2026-01-01T12:00:00.000Z', to: '2026-01-03T12:00:00.000Z' }
const bucket = {
  from: twoDays.from,
  delivered: 7,
  waiting: 0,
  dead: 2,
  cancelled: 0,
  ms: { p50: 20, p95: 30 },
}

const refusals: [status: number, told: string][] = [
  [403, 'Du har ikke rett til dette:'],
  [404, 'Dette finnes ikke:'],
  [409, 'Dette går ikke nå:'],
  [412, 'Noen andre har endret dette i mellomtiden.'],
  [429, 'Dette er for mange forespørsler.'],
  [503, 'Tjenesten er ikke tilgjengelig nå.'],
  [500, 'Tjenesten klarte det ikke:'],
]

test(
  'what the API refuses is told in the language of the reader, with the sentence of the API below it',
  { skip },
  async () => {
    const { app, openAs, receiver } = sharedConsole()
    const { id } = await (await createOwnApp(app, receiver, 'refused')).subscribe()
    const { page, faults, close } = await openAs('ttd', `subscriptions/${id}`)
    for (const [status, told] of refusals) {
      const json = { detail: `The API says ${status}.` }
      await page.route('**/pause', (route) => route.fulfill({ status, json }), { times: 1 })
      await page.getByRole('button', { name: 'Sett på pause' }).click()
      const notice = page.getByRole('alert').filter({ hasText: told })
      await notice.locator('[lang=en]', { hasText: json.detail }).waitFor()
    }
    await assertAccessible(page)
    assert.deepEqual(faults, [])
    await close()
  },
)

test('an owner pauses a subscription, and lets it go on', { skip }, async () => {
  const { app, openAs, receiver } = sharedConsole()
  const own = await createOwnApp(app, receiver, 'paused')
  const { id } = await own.subscribe()
  const { page, faults, close } = await openAs('ttd', `subscriptions/${id}`, { locale: 'en-GB' })
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.locator('.page-heading').getByText('Paused', { exact: true }).waitFor()
  const event = await own.publish()
  await page.getByRole('link', { name: event }).waitFor()
  await page.getByRole('cell', { name: 'Waiting' }).waitFor()
  assert.deepEqual(own.arrivals(event), [])
  await page.getByRole('link', { name: event }).click() // the delivery says why it waits
  await page.locator('.facts').getByText('Paused', { exact: true }).waitFor()
  assert.equal(await page.getByText('Next attempt').count(), 0)
  await assertAccessible(page)
  await page.getByRole('link', { name: event }).click()
  await page.getByRole('cell', { name: 'When its turn comes' }).waitFor()
  await page.goBack()
  await page.goBack()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('cell', { name: 'Delivered' }).waitFor()
  assert.deepEqual(faults, [])
  await close()
})

test('the owner of an app finds an event and who got it, as text', { skip }, async () => {
  const { app, openAs, receiver } = sharedConsole()
  const own = await createOwnApp(app, receiver, 'event')
  const { id } = await own.subscribe()
  const text = JSON.stringify({ ...exampleEvent, source: own.source, type: HOSTILE })
  const body = text.replace(/}$/, ',"data":12345678901234567890}') // no double holds it
  const event = String(await (await app.publish(body, own.headers)).json())
  await own.arrived(event)
  const { page, faults, close } = await openAs('ttd', '', { locale: 'en-GB' })
  await page
    .getByRole('cell', { name: /Delivering/ })
    .first()
    .waitFor()
  await page.getByRole('link', { name: event }).waitFor()
  await assertAccessible(page)
  await page.getByRole('link', { name: 'Find an event' }).click()
  await page.getByLabel('Resource').fill('urn:altinn:resource:app_ttd_event')
  await page.getByLabel('The event’s id').fill(event)
  await page.keyboard.press('Enter')
  await page.getByText('one subscriber').waitFor()
  await page.getByRole('cell', { name: 'Delivered' }).waitFor()
  assert.match(
    String(await page.locator('pre').textContent()),
    /onerror=.*"data": 12345678901234567890/s,
  )
  await assertAccessible(page)
  await assertFits(page)
  await page.getByRole('link', { name: String(id), exact: true }).click()
  await page.getByRole('heading', { name: 'Delivery', exact: true }).waitFor()
  assert.deepEqual(faults, [])
  await close()
})

/** The values of tables that lie beside the window. */
const valuesOutOfSight = `[...document.querySelectorAll('td')]
  .filter((cell) => cell.getBoundingClientRect().right > innerWidth)
  .map(({ textContent }) => textContent)`
const nameOfState =
  "getComputedStyle(document.querySelector('#deliveries').closest('section').querySelectorAll('td')[1], '::before').content"

test('fits a phone and a wide screen', { skip }, async () => {
  const { app, openAs, receiver } = sharedConsole()
  const own = await createOwnApp(app, receiver, 'narrow')
  const { id } = await own.subscribe()
  const event = await own.publish()
  await own.arrived(event)
  const { page, close } = await openAs('ttd', `subscriptions/${id}`, { width: 360 })
  const find = page.getByRole('link', { name: event })
  await find.waitFor()
  await assertFits(page)
  assert.deepEqual(await page.evaluate(valuesOutOfSight), [])
  assert.equal(await page.evaluate(nameOfState), '"Tilstand" / ""') // beside its value
  await assertAccessible(page)
  await page.setViewportSize({ width: 1600, height: 900 })
  await assertFits(page)
  await page.setViewportSize({ width: 360, height: 700 })
  await find.click()
  await page.locator('.time-line > li').waitFor()
  await assertFits(page)
  await close()
})
