import { setTimeout as sleep } from 'node:timers/promises'
import { missingOf, type Owed } from './expected-deliveries.ts'
import type { Stores } from './stores.ts'

const LOOK_MS = 500
const RECORDS_EVERY = 10 // looks
const MOST_RECORDS = 200 // at once
const LATE_MS = 2000 // for what comes twice to come

/** How the deliveries that were not made ended: dead, to be replayed; or lost, with what is known of each. */
export interface Settled {
  dead: number
  lost: string[]
}

/** Waits until every delivery is made or dead; what is neither when for so long nothing has come is lost. */
export async function settle(owed: Owed[], stores: Stores, quietSeconds: number): Promise<Settled> {
  const dead = new Set<Owed>()
  const left = () => missingOf(owed).filter((each) => !dead.has(each))
  let [fewest, since] = [Infinity, Date.now()]
  for (let look = 1; left().length > 0 && Date.now() - since < quietSeconds * 1000; look++) {
    if (left().length < fewest) [fewest, since] = [left().length, Date.now()]
    await sleep(LOOK_MS)
    if (look % RECORDS_EVERY === 0)
      for (const each of left().slice(0, MOST_RECORDS))
        if ((await recordOf(each, stores))?.state === 'dead') dead.add(each)
  }
  await sleep(LATE_MS)
  const lost = left().map(async (each) => describe(each, await recordOf(each, stores)))
  return { dead: dead.size, lost: await Promise.all(lost) }
}

const recordOf = ({ event, subscriber }: Owed, stores: Stores) =>
  stores.delivery(subscriber.endpoint, event.id)

function describe({ event, subscriber }: Owed, record: object | undefined): string {
  const accepted = new Date(event.at).toISOString()
  return `${event.id}, accepted ${accepted}, to ${subscriber.name}: ${JSON.stringify(record ?? 'no record')}`
}
