// `npm run bench:match`: what finding the subscribers of an event costs beside a single look-up in a Map as large and beside
// a scan of all subscriptions, what a subscription takes in memory, and what loading them from the store costs.
import { createHash } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { CosmosClient, type Container } from '@azure/cosmos'
import { startEmulators } from '../local/emulators/emulators.ts'
import { createResources } from '../local/resources.ts'
import type { CloudEvent } from '../shared/cloud-event.ts'
import { createMatcher, type Matcher } from '../shared/matching.ts'
import { inParallel } from '../shared/parallel.ts'
import { changesIn, createSubscriptionIndex } from '../shared/subscription-index.ts'
import { covers, type Filters, type SubscriptionDocument } from '../shared/subscription.ts'
import { median, withSpread } from './statistics.ts'

const AIM_NS = 1000
const AIM_BYTES = 500
const REPETITIONS = 15
const WARM_UPS = 3
const EVENTS = 10_000
const MATCHED = 50_000 // subscriptions to the resources of the events that a repetition matches
const SCANNED = 3_000_000 // subscriptions that a repetition of the scan looks at, whatever their number
const FEW_RESOURCES = 200
const STORED = [1000, 5000] // with more documents the emulator is no measure: it looks at each
const types = ['created', 'completed', 'deleted', 'process.movedTo.task_1']

const collect = globalThis.gc ?? fail('Start it by npm run bench:match: it needs --expose-gc')

function fail(reason: string): never {
  throw new Error(reason)
}

/** 60 % by resource (half of them with its source), 20 % also by type, 10 % by subject, 10 % by alternative subject. */
function filtersOf(number: number, resources: number): Filters {
  const app = number % resources
  const filters = { resource: `urn:altinn:resource:app_ttd_app-${app}` }
  const kind = Math.floor(number / resources + number * 0.618) % 10
  if (kind < 3) return filters
  if (kind < 6) return { ...filters, source: `https://ttd.apps.altinn.no/ttd/app-${app}/` }
  if (kind < 8) return { ...filters, type: `app.instance.${types[number % types.length]}` }
  if (kind < 9) return { ...filters, subject: `/party/${50_000_000 + number}` }
  return { ...filters, alternative: `/org/${910_000_000 + number}` }
}

function documentOf(number: number, resources: number): SubscriptionDocument {
  const [consumer, created] = [`/org/consumer-${number % 50}`, '2026-01-01T00:00:00.000Z']
  return {
    v: 1,
    id: createHash('sha256').update(String(number)).digest('hex'),
    consumer,
    number,
    endpoint: `https://subscriber-${number}.example.com/events`,
    filters: filtersOf(number, resources),
    createdBy: consumer,
    created,
    validated: created,
    secrets: [{ key: createHash('sha256').update(consumer).digest('base64') }],
  }
}

/** An event that one subscription wants for certain, and what is stored of its alternative subject. */
function eventFor(number: number, resources: number) {
  const { resource, subject, alternative, type } = filtersOf(number, resources)
  const app = number % resources
  const event: CloudEvent = {
    specversion: '1.0',
    id: '019c0000-0000-7000-8000-000000000000',
    time: '2026-02-01T00:00:00.000Z',
    source: `https://ttd.apps.altinn.no/ttd/app-${app}/instances/500${number}/428a4575-2c04-4400-89a3-1aaadd2579cd`,
    subject: subject ?? `/party/${number}`,
    type: type ?? 'app.instance.process.completed',
    resource,
  }
  const organisation = alternative?.replace('/org/', '/organisation/')
  return { event, alternative: organisation ?? `/person/${number}`, key: keyOf(number) }
}
type Sent = ReturnType<typeof eventFor>

/** Copies as a process gets them from the store or a queue: no text is shared, no hash is known. */
const freshEvent = (text: string): Sent => JSON.parse(text)
const freshDocument = (text: string): SubscriptionDocument => JSON.parse(text)

/** The comparison: every subscription is looked at; what can be prepared is. */
function scanOf(documents: SubscriptionDocument[]) {
  const all = documents.map(({ filters, validated = '' }) => ({
    resource: filters.resource,
    source: filters.source?.replace(/\/$/, ''),
    subject: filters.subject,
    alternative: filters.alternative?.replace('/org/', '/organisation/'),
    type: filters.type,
    validated: Date.parse(validated),
  }))
  return ({ event, alternative }: Sent) => {
    const time = Date.parse(event.time)
    return all.filter(
      (each) =>
        each.resource === event.resource &&
        (each.subject === undefined || each.subject === event.subject) &&
        (each.alternative === undefined || each.alternative === alternative) &&
        (each.type === undefined || each.type === event.type) &&
        each.validated <= time &&
        (each.source === undefined || covers(each.source, event.source)),
    )
  }
}

/** Nanoseconds an event, by repetition. Of the events each has its own copies, made a hundred at a time just before. */
function timeEvents(texts: string[], find: (sent: Sent) => unknown[]) {
  let hits = 0
  const nanoseconds = Array.from({ length: WARM_UPS + REPETITIONS }, () => {
    let milliseconds = 0
    for (let first = 0; first < texts.length; first += 100) {
      const events = texts.slice(first, first + 100).map(freshEvent)
      const start = performance.now()
      for (const sent of events) hits += find(sent).length
      milliseconds += performance.now() - start
    }
    return (milliseconds * 1_000_000) / texts.length
  })
  return {
    hits: hits / nanoseconds.length / texts.length,
    nanoseconds: nanoseconds.slice(WARM_UPS),
  }
}

/** Fills a matcher from texts; the time it took, parsing not counted. */
function fill(texts: string[]) {
  const matcher = createMatcher()
  let milliseconds = 0
  for (let first = 0; first < texts.length; first += 1000) {
    const documents = texts.slice(first, first + 1000).map(freshDocument)
    const start = performance.now()
    for (const document of documents) matcher.put(document)
    milliseconds += performance.now() - start
  }
  return { matcher, milliseconds }
}

/** A full matcher with the bytes that each subscription takes: of a second one, since the first has the code compiled. */
function weigh(texts: string[]) {
  const first = fill(texts)
  const before = heapUsed()
  const { matcher, milliseconds } = fill(texts)
  const bytes = (heapUsed() - before) / texts.length
  if (matcher.size !== first.matcher.size) fail('The matchers differ') // and both are held till here
  return { matcher, milliseconds, bytes }
}

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** The floor: one look-up, by a text that is new to the process, of one object among as many. */
function lookUpOf(documents: SubscriptionDocument[]) {
  const all = new Map(documents.map((each) => [keyOf(each.number), [each.number]]))
  return ({ key }: Sent) => all.get(key) ?? fail(`${key} is not found`)
}
const keyOf = (number: number): string => `urn:altinn:subscription:${number}`

function requireSame(texts: string[], matcher: Matcher, scan: (sent: Sent) => unknown[]): void {
  for (const sent of texts.map(freshEvent))
    if (matcher.match(sent.event, sent.alternative).length !== scan(sent).length)
      fail(`The matcher and the scan differ for ${JSON.stringify(sent)}`)
}

function measure(count: number, resources: number): string[] {
  console.log(`${count} subscriptions to ${resources} resources …`)
  const documents = Array.from({ length: count }, (_, i) => documentOf(i + 1, resources))
  const { matcher, milliseconds, bytes } = weigh(documents.map((each) => JSON.stringify(each)))
  const texts = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify(eventFor(1 + ((i * 7919) % count), resources)),
  )
  const matched = texts.slice(0, (MATCHED * resources) / count)
  const some = texts.slice(0, Math.max(20, SCANNED / REPETITIONS / count))
  const scan = scanOf(documents)
  requireSame(some, matcher, scan)
  const indexed = timeEvents(matched, ({ event, alternative }) => matcher.match(event, alternative))
  const scanned = timeEvents(some, scan)
  const floor = timeEvents(texts, lookUpOf(documents))
  const met = median(indexed.nanoseconds) <= AIM_NS && bytes <= AIM_BYTES
  return [
    String(count),
    String(resources),
    indexed.hits.toFixed(1),
    withSpread(indexed.nanoseconds),
    withSpread(floor.nanoseconds),
    withSpread(scanned.nanoseconds),
    `${(median(scanned.nanoseconds) / median(indexed.nanoseconds)).toFixed(0)} ×`,
    bytes.toFixed(0),
    milliseconds.toFixed(0),
    met ? 'met' : 'missed',
  ]
}

/** Loads the first `count` subscriptions into a new index, then asks for what changed when nothing did. */
async function load(container: Container, count: number, usageOf: UsageOf): Promise<string[]> {
  const index = createSubscriptionIndex({ changedSince: changesIn(container) })
  const first = await usageOf(async () => {
    const { size } = await index.current()
    if (size !== count) throw new Error(`${size} of ${count} subscriptions were loaded`)
  })
  const later = Math.floor(Date.now() / 1000) + 60
  const check = await usageOf(async () => void (await changesIn(container)(later)))
  return [String(count), ...first, ...check]
}
type UsageOf = (work: () => Promise<void>) => Promise<string[]>

async function measureLoading(): Promise<string[][]> {
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
      await inParallel(more, 32, async (number) => {
        await container.items.create(documentOf(number, FEW_RESOURCES))
      })
      stored = count
      rows.push(await load(container, count, usageOf))
    }
    return rows
  } finally {
    await emulators.stop()
  }
}

function printTable(title: string, rows: string[][]): void {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? []
  console.log(`\n${title}`)
  for (const row of rows)
    console.log(row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join('   '))
}

const sizes: [count: number, resources: number][] = [
  [1000, FEW_RESOURCES],
  [10_000, 2000],
  [100_000, 20_000],
  [100_000, FEW_RESOURCES],
]
const matching: string[][] = []
for (const size of sizes) {
  matching.push(measure(...size))
  await turn()
}
const loading = await measureLoading()
const found = [
  'subscriptions',
  'resources',
  'hits',
  'match, ns',
  'one look-up, ns',
  'scan, ns',
  'scan / match',
]
printTable(
  `Matching an event: median of ${REPETITIONS} repetitions (lowest–highest). Aims: ${AIM_NS} ns, ${AIM_BYTES} bytes`,
  [[...found, 'bytes each', 'filling, ms', 'aims'], ...matching],
)
printTable(
  'Loading from the store (strict emulator; RU by the published prices), and a check when nothing changed',
  [['subscriptions', 'load, ms', 'requests', 'RU', 'check, ms', 'requests', 'RU'], ...loading],
)
console.log(
  'Larger numbers are filled from objects only (above): the emulator looks at every document.',
)
