import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { CONCURRENCY, unlessRefused, type ReadApi } from './api-client.ts'
import { readRates, type Rates } from './rates.ts'
import { isBad, type Subscription } from './subscription-state.ts'

const PAGES = 10
const PAGE_SIZE = 200
const RATES_MS = 20_000 // a rate costs a page of deliveries of each subscription

/** What the screen shows: all subscriptions, those that fail first, and the rates. */
export interface Snapshot {
  subscriptions: Subscription[]
  rates: Rates
}

/** Returns what reads a snapshot, with details of the first `rows` subscriptions. It throws as `read` does. */
export function createSnapshotReader(read: ReadApi): (rows: number) => Promise<Snapshot> {
  let known: { rates: Promise<Rates>; at: number; shown: string } | undefined
  const ratesOf = (ids: number[]): Promise<Rates> => {
    const now = Date.now()
    const shown = ids.join()
    if (known === undefined || now - known.at > RATES_MS || known.shown !== shown)
      known = { rates: readRates(read, ids, now), at: now, shown }
    known.rates.catch(() => (known = undefined))
    return known.rates
  }
  return async (rows) => {
    const all = await readSubscriptions(read)
    const sorted = all.toSorted((a, b) => Number(isBad(b)) - Number(isBad(a)) || a.id - b.id)
    const shown = sorted.slice(0, rows)
    const rates = await ratesOf(shown.map(({ id }) => id))
    const detailed = new Map<number, Subscription>()
    await forEachConcurrently(shown, CONCURRENCY, async (each) => {
      detailed.set(each.id, await readDetails(read, each))
    })
    return { subscriptions: sorted.map((each) => detailed.get(each.id) ?? each), rates }
  }
}

async function readSubscriptions(read: ReadApi): Promise<Subscription[]> {
  const found: Subscription[] = []
  let position: string | undefined = '0'
  for (let page = 0; page < PAGES && position !== undefined; page++) {
    const { body, after } = await read(`/subscriptions?after=${position}&size=${PAGE_SIZE}`)
    found.push(...Object(body)['subscriptions'])
    position = after
  }
  return found
}

/** A subscription that has been deleted since stays as the list had it. */
async function readDetails(read: ReadApi, listed: Subscription): Promise<Subscription> {
  const found = await unlessRefused(read(`/subscriptions/${listed.id}`))
  return { ...listed, ...found?.body }
}
