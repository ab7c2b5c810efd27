// `npm run docs:pictures`: makes the pictures of docs/console.md, of the built app with a few deliveries.
import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { startReceiver } from '../../local/receiver.ts'
import { createOwnApp } from '../support/own-app.ts'
import { globalSetup, globalTeardown } from '../support/setup.ts'
import { skip, startConsole } from './fixture.ts'

const FOLDER = 'docs/pictures'
const SIZE = { width: 1000, height: 780 } // so that each is less than 100 KB

if (skip !== false) throw new Error(skip)
mkdirSync(FOLDER, { recursive: true })
await globalSetup()
const [site, receiver] = await Promise.all([
  startConsole({ DELIVERY_RETRY_SECONDS: '1' }), // what fails is dead after the second attempt
  startReceiver(),
])
try {
  const { id, dead } = await prepare()
  await picture('overview', '', (page) => page.locator('.per-minute').waitFor())
  await picture('subscription', `subscriptions/${id}`, (page) =>
    page.locator('.uplot').nth(1).waitFor(),
  )
  await picture('delivery', `subscriptions/${id}/deliveries/${dead}`, (page) =>
    page.locator('.time-line > li').nth(1).waitFor(),
  )
  await picture('subscribe', 'subscribe', async (page) => {
    await page.getByLabel('Endpoint').fill('http://127.0.0.1:7073/hook')
    await page.getByLabel('Resource', { exact: true }).fill('urn:altinn:resource:app_ttd_apps-test')
    await page.getByLabel('Whom it is about').fill('/party/3')
    await page.getByText('events of the resource match').waitFor()
  })
} finally {
  await Promise.all([site.stop(), receiver.stop()])
  await globalTeardown()
}

/** Subscribes to an app that publishes: what comes first is delivered, the rest dies. */
async function prepare(): Promise<{ id: number; dead: string | undefined }> {
  const own = await createOwnApp(site.app, receiver, 'apps-test')
  const { id } = await own.subscribe()
  const events = await own.publishMany(9)
  await own.allArrived(events)
  receiver.behave({ status: 503, body: 'back in a minute' }, own.path)
  const dead = await own.publishMany(2)
  await own.allArrived(dead)
  return { id, dead: dead[0] }
}

async function picture(name: string, address: string, ready: (page: Page) => Promise<unknown>) {
  const { page, close } = await site.openAs('ttd', address, { locale: 'en-GB' })
  await page.setViewportSize(SIZE)
  await ready(page)
  await page.evaluate('scrollTo(0, 0)')
  await page.screenshot({ path: `${FOLDER}/${name}.png` })
  await close()
}
