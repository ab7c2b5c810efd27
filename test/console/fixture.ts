import assert from 'node:assert/strict'
import { accessSync, constants, readFileSync } from 'node:fs'
import path from 'node:path'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { startApp } from '../support/app.ts'
import { createTestStores, deployedUrl } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'

/** The browser that CHROME names, or the first on PATH: without windows it takes a quarter less of a processor. */
const executablePath =
  process.env['CHROME'] ??
  onPath('chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome')

/** Why tests in a browser do not run here, false where they do. */
export const skip = reasonToSkip() ?? false

function reasonToSkip(): string | undefined {
  if (deployedUrl !== undefined) return 'a deployed app has no chooser of tokens'
  return executablePath === undefined
    ? 'there is no Chromium: install one, or name it in CHROME'
    : undefined
}

function onPath(...names: string[]): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter)
  return names
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find(isExecutable)
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** How a page is opened. */
interface PageOptions {
  /** A token in Altinn's cookie. */
  cookie?: string
  locale?: 'nb-NO' | 'en-GB'
  width?: number
  /** Whether it has a session and a process of its own, as the first page of a browser: that takes 2 s of a processor. */
  isAlone?: boolean
}

/** Starts the built app with its console, and a browser. Every page's own errors end its test. */
export async function startConsole(settings: Record<string, string> = {}) {
  const stores = await createTestStores()
  const app = await startApp(stores, { signIn: true, settings })
  const isRoot = process.getuid?.() === 0
  const browser = await chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: isRoot ? ['--no-sandbox'] : [],
  })
  const root = `${app.api}/console`

  async function newSession(locale: string) {
    const session = await browser.newContext({
      locale,
      reducedMotion: 'reduce', // a box that opens slowly moves a button away between press and release
    })
    session.setDefaultTimeout(scaleTimeout(5000))
    return session
  }

  const sessions = new Map<string, Promise<BrowserContext>>()
  const left = new Map<string, Opened[]>() // by tests that have ended

  /** The session of a language, which pages use in turn: one each would take four times the time of a processor. */
  function sessionOf(locale: string) {
    const session = sessions.get(locale) ?? newSession(locale)
    sessions.set(locale, session)
    return session
  }

  /** A page that a test has left, with its process and the code that this has compiled, or a new one: that takes 0.8 s. */
  async function takePage(locale: string): Promise<Opened> {
    return left.get(locale)?.pop() ?? watch(await (await sessionOf(locale)).newPage())
  }

  async function leavePage(locale: string, opened: Opened): Promise<void> {
    await opened.page.goto('about:blank') // a console asks on and on
    await opened.page.unrouteAll()
    left.set(locale, [...(left.get(locale) ?? []), opened])
  }

  async function openAlone(locale: string) {
    const session = await newSession(locale)
    return { opened: watch(await session.newPage()), close: () => session.close() }
  }

  async function openShared(locale: string) {
    const opened = await takePage(locale)
    return { opened, close: () => leavePage(locale, opened) }
  }

  /** Opens a page of the console that knows nothing of what was there before. */
  async function open(address: string, options: PageOptions = {}) {
    const { locale = 'nb-NO', width = 1280, cookie, isAlone } = options
    const { opened, close } = await (isAlone === true ? openAlone(locale) : openShared(locale))
    const { page, faults } = opened
    await page.setViewportSize({ width, height: 900 })
    await forget(page, app.url)
    if (cookie !== undefined)
      await page
        .context()
        .addCookies([{ name: 'AltinnStudioRuntime', value: cookie, url: app.url }])
    faults.length = 0
    await page.goto(`${root}/${address}`)
    return { page, faults, close }
  }

  /** The same, signed in by the chooser of the local stack. */
  async function openAs(org: string, address: string, options: PageOptions = {}) {
    const opened = await open(address, options)
    await signIn(opened.page, org)
    return opened
  }

  return {
    app,
    stores,
    root,
    open,
    openAs,
    stop: async () => void (await Promise.all([browser.close(), app.stop()])),
  }
}

/** Removes what pages of this site have stored, cookies included. */
async function forget(page: Page, origin: string): Promise<void> {
  const protocol = await page.context().newCDPSession(page)
  await protocol.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' })
  await protocol.detach()
}

/** Signs in as an app owner. */
export async function signIn(page: Page, org: string): Promise<void> {
  await page.locator('#caller-value').fill(org)
  await page.locator('.sign-in form:has(#caller-value) button[type=submit]').click()
  await page.locator('.sign-in').waitFor({ state: 'detached' })
}

/** Waits until the element with exactly this text has the focus, which a page sets after it shows the element. */
export const waitForFocus = (page: Page, text: string): Promise<void> =>
  page.locator(':focus', { hasText: new RegExp(`^${text}$`) }).waitFor()

/** A page, and what goes wrong in it. */
interface Opened {
  page: Page
  faults: string[]
}

/** Collects what goes wrong in a page: exceptions, violations of its policy, requests to other hosts. A status is none. */
function watch(page: Page): Opened {
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    const isStatus = message.text().startsWith('Failed to load resource')
    if (message.type() === 'error' && !isStatus) faults.push(message.text())
  })
  page.on('request', (request) => {
    const { origin } = new URL(page.url() === 'about:blank' ? request.url() : page.url())
    const isOwn = request.url().startsWith(origin) || request.url().startsWith('data:')
    if (!isOwn) faults.push(`asks ${request.url()}`)
  })
  return { page, faults }
}

const axe = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** The rules that a theme can break are those of its colours; all others read the same page in both. */
const rules = { light: undefined, dark: ['color-contrast', 'link-in-text-block'] }

/** Asserts that axe finds nothing on the page as it is, in the light theme and in the dark. */
export async function assertAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const options = JSON.stringify({
      runOnly: rules[colorScheme],
      resultTypes: ['violations'],
      preload: false,
    })
    const findings = await page.evaluate<string[]>(
      `axe.run(${options}).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(' '))))`,
    )
    assert.deepEqual(findings, [], `${page.url()}, ${colorScheme}`)
  }
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Asserts that nothing of the page is wider than the window. */
export async function assertFits(page: Page): Promise<void> {
  const wider = await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
  assert.ok(wider <= 0, `${page.url()} is ${wider} px too wide`)
}
