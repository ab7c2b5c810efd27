import { createMatcher, type Matcher } from '../../shared/subscriptions/matcher.ts'
import {
  sourceMatches,
  type SubscriptionDocument,
} from '../../shared/subscriptions/subscription.ts'
import { freshDocument, freshEvent, keyOf, type MatchInput } from './data.ts'

export const REPETITIONS = 15
const WARM_UPS = 3

const collect = globalThis.gc ?? fail('Start it by npm run bench:match: it needs --expose-gc')

function fail(reason: string): never {
  throw new Error(reason)
}

/** Returns the peer: a scan of all subscriptions, with everything prepared that can be. */
export function createScan(documents: SubscriptionDocument[]) {
  const all = documents.map(({ filters, validated = '' }) => ({
    resource: filters.resource,
    source: filters.source?.replace(/\/$/, ''),
    subject: filters.subject,
    alternative: filters.alternative?.replace('/org/', '/organisation/'),
    type: filters.type,
    validated: Date.parse(validated),
  }))
  return ({ event, alternative, accepted }: MatchInput) =>
    all.filter(
      (each) =>
        each.resource === event.resource &&
        (each.subject === undefined || each.subject === event.subject) &&
        (each.alternative === undefined || each.alternative === alternative) &&
        (each.type === undefined || each.type === event.type) &&
        each.validated <= accepted &&
        (each.source === undefined || sourceMatches(each.source, event.source)),
    )
}

/** Returns nanoseconds per event, for each repetition. Every event is a fresh copy, made in batches of a hundred. */
export function timeEvents(texts: string[], find: (sent: MatchInput) => unknown[]) {
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

/** Fills a matcher from texts. Returns it, and the ms without parsing. */
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

/** Returns a full matcher and its bytes per subscription. It is the second one: the first compiles the code. */
export function measureMemory(texts: string[]) {
  const first = fill(texts)
  const before = heapUsed()
  const { matcher, milliseconds } = fill(texts)
  const bytes = (heapUsed() - before) / texts.length
  if (matcher.size !== first.matcher.size) fail('The matchers differ') // this also keeps both in memory
  return { matcher, milliseconds, bytes }
}

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** Returns the floor: one look-up in a Map of the same size, by a string that is new to the process. */
export function createLookup(documents: SubscriptionDocument[]) {
  const all = new Map(documents.map((each) => [keyOf(each.number), [each.number]]))
  return ({ key }: MatchInput) => all.get(key) ?? fail(`${key} is not found`)
}

/** Throws when the matcher and the scan find different numbers of subscriptions. */
export function requireSameMatches(
  texts: string[],
  matcher: Matcher,
  scan: (sent: MatchInput) => unknown[],
): void {
  for (const sent of texts.map(freshEvent))
    if (matcher.match(sent.event, sent.alternative, sent.accepted).length !== scan(sent).length)
      fail(`The matcher and the scan differ for ${JSON.stringify(sent)}`)
}
