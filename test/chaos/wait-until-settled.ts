import { setTimeout as sleep } from 'node:timers/promises'
import { undelivered, type ExpectedDelivery } from './expected-deliveries.ts'
import type { Stores } from './stores.ts'

const POLL_MS = 500
const POLLS_PER_RECORD_CHECK = 10 // looks
const MAX_RECORDS = 200 // at once
const DUPLICATE_WAIT_MS = 2000 // for what comes twice to come

/** How the deliveries that were not made ended: dead, to be replayed; or lost, with what is known of each. */
export interface UndeliveredResult {
  dead: number
  lost: string[]
}

/** Waits until every delivery is made or dead; what is neither when for so long nothing has come is lost. */
export async function waitUntilSettled(
  owed: ExpectedDelivery[],
  stores: Stores,
  quietSeconds: number,
): Promise<UndeliveredResult> {
  const dead = new Set<ExpectedDelivery>()
  const left = () => undelivered(owed).filter((each) => !dead.has(each))
  let [fewest, since] = [Infinity, Date.now()]
  for (let poll = 1; left().length > 0 && Date.now() - since < quietSeconds * 1000; poll++) {
    if (left().length < fewest) [fewest, since] = [left().length, Date.now()]
    await sleep(POLL_MS)
    if (poll % POLLS_PER_RECORD_CHECK === 0)
      for (const each of left().slice(0, MAX_RECORDS))
        if ((await recordOf(each, stores))?.state === 'dead') dead.add(each)
  }
  await sleep(DUPLICATE_WAIT_MS)
  const lost = left().map(async (each) => describe(each, await recordOf(each, stores)))
  return { dead: dead.size, lost: await Promise.all(lost) }
}

const recordOf = ({ event, subscriber }: ExpectedDelivery, stores: Stores) =>
  stores.delivery(subscriber.endpoint, event.id)

function describe({ event, subscriber }: ExpectedDelivery, record: object | undefined): string {
  const accepted = new Date(event.at).toISOString()
  return `${event.id}, accepted ${accepted}, to ${subscriber.name}: ${JSON.stringify(record ?? 'no record')}`
}
