import { CosmosClient, type Container } from '@azure/cosmos'
import { startEmulators } from '../../local/emulators/emulators.ts'
import { createResources } from '../../local/resources.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { changesIn } from '../../shared/subscriptions/subscription-changes.ts'
import { createSubscriptionIndex } from '../../shared/subscriptions/subscription-index.ts'
import { documentOf } from './data.ts'

const RESOURCES = 200
const STORED = [1000, 5000] // with more, the time is the emulator's, which scans every document
const EXTRAPOLATED = 100_000

/** What the index reads of so many subscriptions, as JSON, in bytes. */
const bytesOf = (count: number): number =>
  Array.from({ length: count }, (_, i) => {
    const { v: _v, createdBy: _by, created: _at, ...read } = documentOf(i + 1, RESOURCES)
    return JSON.stringify({ ...read, _ts: 1_800_000_000 }).length + 1
  }).reduce((sum, bytes) => sum + bytes)

/** Reckons a load of 100,000: every thousand more cost what they do between the two that are measured. */
function extrapolate([fewer = [], more = []]: string[][]): string[] {
  const [from = 0, to = 0] = STORED
  const at = (column: number) => {
    const [low, high] = [Number(fewer[column]), Number(more[column])]
    return low + ((high - low) * (EXTRAPOLATED - from)) / (to - from)
  }
  const bytes = bytesOf(EXTRAPOLATED).toFixed(0)
  return [
    `${EXTRAPOLATED}, extrapolated`,
    bytes,
    at(2).toFixed(0),
    at(3).toFixed(0),
    at(4).toFixed(1),
  ]
}

/** Loads the first `count` subscriptions into a new index, then checks for changes when there are none. */
async function load(container: Container, count: number, usageOf: UsageOf): Promise<string[]> {
  const index = createSubscriptionIndex({ changedSince: changesIn(container) })
  const first = await usageOf(async () => {
    const { size } = await index.current()
    if (size !== count) throw new Error(`${size} of ${count} subscriptions were loaded`)
  })
  const later = Math.floor(Date.now() / 1000) + 60
  const check = await usageOf(async () => {
    for await (const changes of changesIn(container)(later))
      if (changes.length > 0) throw new Error('Something has changed.')
  })
  return [String(count), String(bytesOf(count)), ...first, ...check]
}
type UsageOf = (work: () => Promise<void>) => Promise<string[]>

/** Measures loading the subscriptions, and a check without changes: a row per number of subscriptions. */
export async function measureLoading(): Promise<string[][]> {
  console.log('Starting the emulators …')
  const emulators = await startEmulators()
  const usageOf: UsageOf = async (work) => {
    await emulators.resetUsage()
    const start = performance.now()
    await work()
    const milliseconds = performance.now() - start
    const { operations, charge } = await emulators.usage()
    return [milliseconds.toFixed(0), String(operations.query), charge.toFixed(1)]
  }
  try {
    await createResources({ ...emulators, database: 'match' })
    const container = new CosmosClient(emulators.cosmos)
      .database('match')
      .container('subscriptions')
    const rows: string[][] = []
    let stored = 0
    for (const count of STORED) {
      console.log(`Storing ${count} subscriptions …`)
      const more = Array.from({ length: count - stored }, (_, i) => stored + i + 1)
      await forEachConcurrently(more, 32, async (number) => {
        await container.items.create(documentOf(number, RESOURCES))
      })
      stored = count
      rows.push(await load(container, count, usageOf))
    }
    return [...rows, extrapolate(rows)]
  } finally {
    await emulators.stop()
  }
}
