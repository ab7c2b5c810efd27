import { setTimeout as sleep } from 'node:timers/promises'
import { undelivered, type ExpectedDelivery } from './expected-deliveries.ts'
import type { Stores } from './stores.ts'

const POLL_MS = 500
const POLLS_PER_RECORD_CHECK = 10
const MAX_RECORDS = 200 // per check
const DUPLICATE_WAIT_MS = 2000 // until late duplicates have arrived

/** The deliveries that were not made: the number of dead ones, and a description of each lost one. */
export interface UndeliveredResult {
  dead: number
  lost: string[]
}

/** Waits until every delivery is made or dead. The others are lost after `quietSeconds` without a delivery. */
export async function waitUntilEnded(
  expected: ExpectedDelivery[],
  stores: Stores,
  quietSeconds: number,
): Promise<UndeliveredResult> {
  const dead = new Set<ExpectedDelivery>()
  const remaining = () => undelivered(expected).filter((each) => !dead.has(each))
  let [fewest, since] = [Infinity, Date.now()]
  for (let poll = 1; remaining().length > 0 && Date.now() - since < quietSeconds * 1000; poll++) {
    if (remaining().length < fewest) [fewest, since] = [remaining().length, Date.now()]
    await sleep(POLL_MS)
    if (poll % POLLS_PER_RECORD_CHECK === 0)
      for (const each of remaining().slice(0, MAX_RECORDS))
        if ((await recordOf(each, stores))?.state === 'dead') dead.add(each)
  }
  await sleep(DUPLICATE_WAIT_MS)
  const lost = remaining().map(async (each) => describe(each, await recordOf(each, stores)))
  return { dead: dead.size, lost: await Promise.all(lost) }
}

const recordOf = ({ event, subscriber }: ExpectedDelivery, stores: Stores) =>
  stores.delivery(subscriber.endpoint, event.id)

function describe({ event, subscriber }: ExpectedDelivery, record: object | undefined): string {
  const accepted = new Date(event.at).toISOString()
  return `${event.id}, accepted ${accepted}, to ${subscriber.name}: ${JSON.stringify(record ?? 'no record')}`
}
