// Subscribing in the console: by keyboard, with faults beside their fields, and nothing that was typed lost.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import { createOwnApp } from '../support/own-app.ts'
import { assertAccessible, assertFits, signIn, skip } from './fixture.ts'
import { sharedConsole } from './shared-console.ts'

const HOSTILE = '<img src=x onerror="document.title=\'attacked\'">'

/** Presses Tab until the element with this id has the focus. */
async function tabTo(page: Page, id: string): Promise<void> {
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab')
    if ((await page.evaluate('document.activeElement.id')) === id) return
  }
  assert.fail(`Tab does not lead to ${id}`)
}

test(
  'someone subscribes by keyboard, sees what would have matched, gets the secret, and tries it',
  { skip },
  async () => {
    const { app, openAs, receiver } = sharedConsole()
    const own = await createOwnApp(app, receiver, 'typed')
    await own.publish({ type: HOSTILE })
    await own.publish()
    const { page, faults, close } = await openAs('ttd', 'subscribe')
    await page.getByText('Skriv en ressurs eller en kilde').waitFor()
    await assertAccessible(page)
    await tabTo(page, 'subscribe-endPoint')
    await page.keyboard.type(`${receiver.url}${own.path}`)
    await tabTo(page, 'subscribe-resourceFilter')
    await page.keyboard.type('urn:altinn:resource:app_ttd_typed')
    await page.getByText('2 av de 2 nyeste hendelsene').waitFor()
    await tabTo(page, 'subscribe-typeFilter')
    await page.keyboard.type(HOSTILE)
    await page.getByText('1 av de 2 nyeste hendelsene').waitFor()
    assert.equal(await page.locator('.events li > span').textContent(), HOSTILE)
    await tabTo(page, 'subscribe-ordered')
    await page.keyboard.press('Space')
    await tabTo(page, 'subscribe-maxPerSecond')
    await page.keyboard.type('50')
    await assertAccessible(page)
    await page.keyboard.press('Enter')

    await page.getByText(/^whsec_/).waitFor()
    await page.getByText('Endepunktet har svart.').waitFor()
    await tabTo(page, 'try-event')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.getByText('Levert').waitFor()
    assert.equal(own.arrivals()[0]?.event?.type, HOSTILE)
    await assertAccessible(page)
    await page.getByRole('link', { name: 'Til abonnementet' }).click()
    await page.getByText('50 i sekundet').waitFor()
    await page.getByText('Én om gangen for hvert subjekt').waitFor()
    assert.notEqual(await page.title(), 'attacked')
    assert.deepEqual(faults, [])
    await close()
  },
)

test('a fault stands beside its field, in the language of the reader', { skip }, async () => {
  const { openAs, receiver } = sharedConsole()
  const { page, close } = await openAs('ttd', 'subscribe', { width: 360 })
  await page.getByLabel('Ressurs', { exact: true }).fill(HOSTILE)
  await page.getByText('Skriv en urn, som').waitFor()
  await page.getByLabel('Høyst så mange i sekundet').fill('tolv')
  await page.getByLabel('Ta med underenheter').check()
  await page.getByLabel('Endepunkt').fill('http://metadata.invalid')
  for (const fault of [
    'Finner ikke verten',
    'Skriv en urn, som',
    'Skriv et helt tall fra 1 til 1000.',
    'Underenheter trenger et filter',
  ])
    await page.getByText(fault).waitFor() // all at once
  await assertFits(page)
  await assertAccessible(page)
  await page.getByLabel('Språk').selectOption('en')
  await page.getByText('The host in the address is not found.').waitFor()
  await page.getByLabel('Endpoint').fill(`${receiver.url}/faults`)
  await page.getByText('Enter a urn').waitFor()
  await page.getByLabel('At most so many a second').fill('')
  await page.getByLabel('Resource', { exact: true }).fill('urn:altinn:resource:app_ttd_faults')
  await page.getByText('Subunits need a filter on whom it is about.').waitFor()
  await assertAccessible(page)
  await page.getByLabel('Include subunits').uncheck()
  await page.getByLabel('Endpoint').fill('')
  await page.getByLabel('Resource', { exact: true }).fill('')
  await page.getByRole('button', { name: 'Subscribe', exact: true }).click()
  await page.getByText('Enter the address that events are to be sent to.').waitFor()
  await page.locator('#subscribe-endPoint:focus').waitFor()
  await close()
})

test(
  'nothing that was typed is lost: by a refused token, a lost connection, or a look at another page',
  { skip },
  async () => {
    const { openAs } = sharedConsole()
    const { page, close } = await openAs('ttd', 'subscribe')
    const resource = page.getByLabel('Ressurs', { exact: true })
    const refused = { status: 401, json: { detail: 'The Altinn token is invalid or expired.' } }
    await page.route('**/subscriptions/preview', (route) => route.fulfill(refused), { times: 1 })
    await resource.fill('urn:altinn:resource:app_ttd_kept')
    await page.getByText('Tokenet er utløpt').waitFor()
    await signIn(page, 'ttd')
    await page.getByText('Ressursen har ingen hendelser ennå.').waitFor()

    await page.route('**/subscriptions*', (route) => route.abort())
    await page.route('**/subscriptions/preview', (route) => route.abort())
    await page.getByLabel('Type', { exact: true }).fill('a.type')
    await page.getByText('Tjenesten svarer ikke.').waitFor()
    await page.getByLabel('Endepunkt').fill('https://subscriber.invalid/')
    await page.getByRole('button', { name: 'Abonner', exact: true }).click()
    await page.getByText('Det er uvisst om endringen ble gjort').waitFor()
    await page.unroute('**/subscriptions*')
    await page.unroute('**/subscriptions/preview')
    await page.getByText('Tjenesten svarer ikke.').waitFor({ state: 'detached' })

    await page.getByRole('link', { name: 'Oversikt' }).first().click()
    await page.getByRole('heading', { name: 'Oversikt' }).waitFor()
    await page.getByRole('link', { name: 'Nytt abonnement' }).click()
    assert.equal(await resource.inputValue(), 'urn:altinn:resource:app_ttd_kept')
    assert.equal(await page.getByLabel('Type', { exact: true }).inputValue(), 'a.type')
    await close()
  },
)
