// `npm run bench:read`: measures reading a page of 50 events, by app and by party, with 1,000 and 5,000 events stored:
// in ms beside the same query by the bare SDK, and in request units. The emulator scans all documents, so its time grows
// with them. Azure has an index, and its request units count only the events of a page.
import { CosmosClient, type Container } from '@azure/cosmos'
import { startStack, type Stack } from '../../local/stack.ts'
import { altinnToken, callers } from '../../local/tokens.ts'
import { appResource } from '../../shared/events/cloud-event.ts'
import { startApp, type App } from '../support/app.ts'
import { SHARES, storeEvents } from './data.ts'
import { SIZE, printTable, sendResults, type Result } from './report.ts'

const STORED = [1000, 5000] // the emulator slows down with more
const PAGES = 60
const WARM_UPS = 30

/** The request to the app and its token, and the path and value of the query by the bare SDK. */
interface Access {
  name: string
  address: string
  token: string
  path: 'resource' | 'subject'
  value: string
}

const stack = await startStack({ queue: 0, blob: 0, cosmos: 0, issuer: 0 })
try {
  const app = await startApp(stack, 'read', 1, {
    functions: ['read-app-events', 'read-party-events'],
  })
  try {
    const rows = await measureAll(app)
    printTable(rows)
    sendResults(rows)
  } finally {
    await app.stop()
  }
} finally {
  await stack.stop()
}

async function measureAll(app: App): Promise<Result[]> {
  const container = new CosmosClient(stack.emulators.cosmos).database('read').container('events')
  const accesses = await accessesFor(stack)
  const rows: Result[] = []
  for (const [index, stored] of STORED.entries()) {
    console.log(`Storing ${stored} events …`)
    await storeEvents(container, STORED[index - 1] ?? 0, stored)
    for (const access of accesses) rows.push(await measure(app, container, access, stored))
  }
  return rows
}

async function accessesFor({ issuer: { url } }: Stack): Promise<Access[]> {
  const owner = await altinnToken(url, callers.org('ttd'))
  const party = await altinnToken(url, callers.user(20001, 1, '01017512345'))
  const resource = { path: 'resource', value: appResource({ org: 'ttd', app: 'app-1' }) } as const
  const subject = { path: 'subject', value: '/party/1' } as const
  return [
    { name: 'by app', address: 'ttd/app-1?after=1', token: owner, ...resource },
    { name: 'by party', address: 'party?after=1&party=1', token: party, ...subject },
  ]
}

/** Reads the same pages by the app and the bare SDK alternately. Starts over after the last page. */
async function measure(
  app: App,
  container: Container,
  access: Access,
  stored: number,
): Promise<Result> {
  const pages = stored / SHARES / SIZE
  const [readApp, readBare] = [appReader(app, access, pages), bareReader(container, access, pages)]
  const row: Result = { stored, name: access.name, app: [], bare: [], charge: [] }
  for (let page = 0; page < WARM_UPS + PAGES; page++) {
    await stack.emulators.resetUsage()
    row.app.push(await timed(readApp))
    row.charge.push(await app.charge())
    row.bare.push(await timed(readBare))
  }
  const { app: ofApp, bare, charge } = row
  for (const values of [ofApp, bare, charge]) values.splice(0, WARM_UPS)
  return row
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Reads a page at the `next` URL of the previous one. */
function appReader({ api }: App, { address, token }: Access, pages: number): () => Promise<void> {
  const first = `${api}/app/${address}&size=${SIZE}`
  let [next, read] = [first, 0]
  return async () => {
    const answer = await fetch(next, { headers: { authorization: `Bearer ${token}` } })
    const events: { id: string }[] = JSON.parse(await answer.text())
    assertFull(events)
    next = ++read % pages === 0 ? first : (answer.headers.get('next') ?? '')
  }
}

function bareReader(container: Container, { path, value }: Access, pages: number) {
  const query = `SELECT TOP ${SIZE} c.id, c.event FROM c
    WHERE c.${path} = @value AND c.id > @after ORDER BY c.${path}, c.id`
  let [after, read] = ['', 0]
  return async (): Promise<void> => {
    const given = Object.entries({ '@value': value, '@after': after })
    const parameters = given.map(([name, each]) => ({ name, value: each }))
    const found = await container.items.query<{ id: string }>({ query, parameters }).fetchAll()
    assertFull(found.resources)
    after = ++read % pages === 0 ? '' : (found.resources.at(-1)?.id ?? '')
  }
}

function assertFull({ length }: unknown[]): void {
  if (length !== SIZE) throw new Error(`A page has ${length} events, not ${SIZE}`)
}
