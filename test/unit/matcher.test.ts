import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { CloudEvent } from '../../shared/events/cloud-event.ts'
import { createMatcher } from '../../shared/subscriptions/matcher.ts'
import {
  changesIn,
  createSubscriptionIndex,
  type Change,
} from '../../shared/subscriptions/subscription-index.ts'
import {
  resourceOfSource,
  type Filters,
  type SubscriptionDocument,
  type Tombstone,
} from '../../shared/subscriptions/subscription.ts'
import { createWorld, deployed } from '../support/stores.ts'

const VALIDATED = '2026-01-01T00:00:00.000Z'
const RESOURCE = 'urn:altinn:resource:app_ttd_app'
const SOURCE = 'https://ttd.apps.altinn.no/ttd/app'

type Given = Partial<Omit<SubscriptionDocument, 'filters' | 'validated'>> & {
  filters?: Partial<Filters>
  validated?: string | undefined
}

function subscription(number: number, given: Given = {}): SubscriptionDocument {
  const { filters, validated, ...others } = { validated: VALIDATED, ...given }
  return {
    v: 1,
    id: `document-${number}`,
    consumer: '/org/ttd',
    number,
    endpoint: 'https://example.com/hook',
    filters: { resource: RESOURCE, ...filters },
    createdBy: '/org/ttd',
    created: VALIDATED,
    ...(validated !== undefined && { validated }),
    secrets: [{ key: 'secret' }],
    ...others,
  }
}

const event: CloudEvent = {
  specversion: '1.0',
  id: '019b0000-0000-7000-8000-000000000000',
  time: '2026-02-01T00:00:00.000Z',
  source: `${SOURCE}/instances/500/1`,
  subject: '/party/500',
  type: 'app.instance.created',
  resource: RESOURCE,
}

const disabled = { reason: 'gone', since: VALIDATED }

function matcherOf(...subscriptions: SubscriptionDocument[]) {
  const matcher = createMatcher()
  for (const each of subscriptions) matcher.put(each)
  return matcher
}
type Matcher = ReturnType<typeof createMatcher>

/** As the store gives it: with the second of its last write. */
const at = <T extends SubscriptionDocument | Tombstone>(_ts: number, written: T) => ({
  ...written,
  _ts,
})

const numbersFor = (matcher: Matcher, of: Partial<CloudEvent> = {}, alternative?: string) =>
  matcher
    .match({ ...event, ...of }, alternative)
    .map(({ number }) => number)
    .toSorted((a, b) => a - b)

/** Whether one subscription with these filters is matched by the event. */
const meets = (filters: Partial<Filters>, of: Partial<CloudEvent> = {}, alternative?: string) =>
  numbersFor(matcherOf(subscription(1, { filters })), of, alternative).length === 1

test('a subscription by resource alone has every event of it and of no other', () => {
  assert.ok(meets({}))
  assert.ok(!meets({}, { resource: `${RESOURCE}2` }))
  assert.ok(!meets({}, { resource: RESOURCE.slice(0, -1) }))
  assert.ok(meets({ resource: RESOURCE.toUpperCase() }), 'letter case of the filter does not count')
  assert.ok(meets({}, { resource: 'urn:altinn:resource:app_ttd_App' }), 'nor that of the event')
})

test('subject, type and alternative subject are exact, and all that are given must agree', () => {
  const { subject, type } = event
  assert.ok(meets({ subject, type }))
  for (const given of [{ subject: '/party/50' }, { subject: '/party/5000' }, { subject: '' }])
    assert.ok(!meets(given))
  for (const given of ['app.instance', 'app.instance.created2', 'APP.instance.created', ''])
    assert.ok(!meets({ subject, type: given }))
  assert.ok(!meets({ subject: type, type: subject }))
  assert.ok(meets({ subject, type, alternative: '/person/1' }, {}, '/person/1'))
  assert.ok(!meets({ subject, type, alternative: '/person/1' }, {}, '/person/2'))
  assert.ok(!meets({ alternative: '/person/1' }))
  assert.ok(!meets({ alternative: '' }))
  assert.ok(meets({}, {}, '/person/1'))
})

test('an alternative subject with /org/ means the same as with /organisation/', () => {
  const stored = '/organisation/910000001' // as the document of an event has it
  assert.ok(meets({ alternative: '/org/910000001' }, {}, stored))
  assert.ok(meets({ alternative: stored }, {}, stored))
  assert.ok(!meets({ alternative: '/org/910000002' }, {}, stored))
  assert.ok(!meets({ alternative: '/person/org/910000001' }, {}, stored))
})

const below: [filter: string, source: string, matches: boolean][] = [
  [SOURCE, SOURCE, true],
  [`${SOURCE}/`, SOURCE, true], // altinn-studio#6182
  [SOURCE, `${SOURCE}/`, true],
  [`${SOURCE}/`, `${SOURCE}/`, true],
  [`${SOURCE}/`, `${SOURCE}/instances/500/1`, true],
  [SOURCE, `${SOURCE}?a=b`, true],
  [`${SOURCE}/`, `${SOURCE}?a=b`, true],
  [SOURCE, `${SOURCE}#part`, true],
  [SOURCE, `${SOURCE}/?a=b`, true],
  [SOURCE, `${SOURCE}2`, false],
  [`${SOURCE}/`, `${SOURCE}2`, false],
  [SOURCE, `${SOURCE}-test/instances/500/1`, false],
  [SOURCE, `${SOURCE}.x`, false],
  [SOURCE, `${SOURCE}%2Fx`, false],
  [SOURCE, SOURCE.slice(0, -1), false],
  [`${SOURCE}/instances/50`, `${SOURCE}/instances/500/1`, false],
  [`${SOURCE}/instances/500`, `${SOURCE}/instances/500/1`, true],
  ['https://ttd.apps.altinn.no/', `${SOURCE}/instances/500/1`, true],
  ['https://ttd.apps.altinn.no', 'https://ttd.apps.altinn.no.evil.example/ttd/app', false],
  ['https://ttd.apps.altinn.no', 'https://ttd.apps.altinn.no:8443/ttd/app', false],
  ['https://ttd.apps.altinn.no/ttd', 'http://ttd.apps.altinn.no/ttd/app', false],
  ['https://tt02.apps.altinn.no/ttd/app', SOURCE, false],
]
for (const [filter, source, matches] of below)
  test(`the source filter ${filter} ${matches ? 'covers' : 'does not cover'} ${source}`, () => {
    assert.equal(meets({ source: filter }, { source }), matches)
  })

test('an app is named by its source', () => {
  assert.equal(resourceOfSource(SOURCE), RESOURCE)
  assert.equal(resourceOfSource('https://h/TTD/App/instances/500/1'), RESOURCE)
  for (const source of ['https://h', 'https://h/', 'https://h/ttd', 'https://h/ttd/'])
    assert.equal(resourceOfSource(source), undefined)
})

test('an event from before the validation is not matched, one of the same millisecond is', () => {
  const matcher = matcherOf(subscription(1))
  assert.deepEqual(numbersFor(matcher, { time: '2025-12-31T23:59:59.999Z' }), [])
  assert.deepEqual(numbersFor(matcher, { time: VALIDATED }), [1])
  assert.deepEqual(numbersFor(matcher, { time: '2026-01-01T00:00:00.001Z' }), [1])
})

test('what is not validated or is disabled has no events but is known; what is paused has', () => {
  const validation = { attempt: 2, due: 1_770_000_000, source: 'https://h/subscriptions/1' }
  const paused = { pausedUntil: 1_770_000_001, pauses: 3, released: 10 }
  const matcher = matcherOf(
    subscription(1, { validated: undefined, validation }),
    subscription(2, { disabled: { ...disabled, settled: true } }),
    subscription(3, { ...paused, filters: { source: `${SOURCE}/` } }),
  )
  assert.deepEqual(numbersFor(matcher), [3])
  assert.deepEqual(
    [...matcher.all()].map(({ number }) => number),
    [1, 2, 3],
  )
  assert.equal(matcher.size, 3)
  assert.equal(matcher.get(1)?.validated, undefined)
  assert.equal(matcher.get(1)?.validationDue, validation.due)
  assert.deepEqual(matcher.get(2)?.disabled, { ...disabled, settled: true })
  const { number, id, consumer, source, validated, ...rest } = matcher.get(3) ?? {}
  assert.deepEqual([number, id, consumer, source], [3, 'document-3', '/org/ttd', SOURCE])
  assert.equal(validated, Date.parse(VALIDATED))
  assert.deepEqual({ ...rest }, { ...rest, ...paused })
  assert.equal(JSON.stringify([...matcher.all()]).includes('secret'), false)
})

test('a newer version takes the place of the older', () => {
  const matcher = matcherOf(subscription(1), subscription(1, { filters: { type: 'other' } }))
  assert.deepEqual(numbersFor(matcher), [])
  assert.deepEqual(numbersFor(matcher, { type: 'other' }), [1])
  matcher.put(subscription(1, { disabled }))
  assert.deepEqual(numbersFor(matcher, { type: 'other' }), [])
  matcher.put(subscription(1))
  assert.deepEqual(numbersFor(matcher), [1])
  assert.equal(matcher.size, 1)
})

test('a version older than the known one changes nothing', () => {
  const matcher = matcherOf(at(200, subscription(1, { pausedUntil: 1 })))
  matcher.put(at(199, subscription(1)))
  assert.equal(matcher.get(1)?.pausedUntil, 1)
  matcher.put(at(200, subscription(1, { pausedUntil: 2 })))
  assert.equal(matcher.get(1)?.pausedUntil, 2)
  matcher.put(subscription(1)) // from someone who does not know the second: taken as the newest
  assert.equal(matcher.get(1)?.pausedUntil, undefined)
  matcher.put(at(199, subscription(1, { pausedUntil: 3 })))
  assert.equal(matcher.get(1)?.pausedUntil, undefined)
})

test('deleted and made again, a subscription has the same document and a new number: only that', () => {
  const id = 'same'
  const matcher = matcherOf(subscription(7, { id }), subscription(8, { id }))
  assert.deepEqual(numbersFor(matcher), [8])
  matcher.put(subscription(7, { id })) // an old answer
  assert.deepEqual(numbersFor(matcher), [8])
  matcher.remove(7)
  assert.deepEqual(numbersFor(matcher), [8])
  assert.equal(matcher.get(7), undefined)
  assert.equal(matcher.size, 1)
})

test('identical subscriptions of two consumers are two', () => {
  const id = 'same'
  const matcher = matcherOf(
    subscription(1, { id }),
    subscription(2, { id, consumer: '/org/skd', filters: { subject: event.subject } }),
    subscription(3, { id, consumer: '/org/nav' }),
  )
  assert.deepEqual(numbersFor(matcher), [1, 2, 3])
  matcher.remove(1)
  matcher.remove(99)
  assert.deepEqual(numbersFor(matcher), [2, 3])
  matcher.put(subscription(1, { id }))
  assert.deepEqual(numbersFor(matcher), [1, 2, 3])
})

const tombstone = (number: number): Tombstone => ({
  v: 1,
  id: `document-${number}`,
  consumer: '/org/ttd',
  number,
  deleted: true,
  ttl: 86_400,
})

/** An index with a clock of its own over a store that answers as it is told, and the seconds it was asked from. */
function startIndex(...stored: Change[]) {
  const clock = { now: 1_000_000 }
  const store = { changes: stored, down: false, asked: new Array<number>() }
  const index = createSubscriptionIndex({
    now: () => clock.now,
    async changedSince(ts) {
      store.asked.push(ts)
      await turn()
      if (store.down) throw new Error('down')
      return store.changes.filter(({ _ts }) => _ts >= ts)
    },
  })
  const numbers = async () => numbersFor(await index.current())
  return { clock, store, index, numbers }
}

test('the index asks for everything first, and again when its last check is older than 3 s', async () => {
  const { clock, store, numbers } = startIndex(at(500, subscription(1)), at(600, subscription(2)))
  assert.deepEqual(store.asked, [], 'nothing is asked before it is used')
  assert.deepEqual(await numbers(), [1, 2])
  clock.now += 3000
  await numbers()
  assert.deepEqual(store.asked, [0])
  clock.now += 1
  await numbers()
  assert.deepEqual(store.asked, [0, 590], 'from the newest change seen, less 10 s')
})

test('a change that becomes visible up to 10 s late is seen, and a tombstone removes', async () => {
  const { clock, store, numbers } = startIndex(at(600, subscription(1)))
  assert.deepEqual(await numbers(), [1])
  store.changes.push(at(590, subscription(2)), at(610, tombstone(1)))
  clock.now += 3001
  assert.deepEqual(await numbers(), [2])
  store.changes.push(at(605, subscription(3)), at(600, subscription(1))) // the last from a replica that lags
  clock.now += 3001
  assert.deepEqual(await numbers(), [2, 3])
  assert.deepEqual(store.asked, [0, 590, 600])
})

test('a subscription that is made again over its tombstone, unseen, replaces the old one', async () => {
  const { clock, store, numbers } = startIndex(at(600, subscription(1)))
  await numbers()
  store.changes = [at(700, subscription(2, { id: 'document-1' }))]
  clock.now += 3001
  assert.deepEqual(await numbers(), [2])
})

test('while the store is down the index holds for 5 s after its last check, then throws', async () => {
  const { clock, store, numbers } = startIndex(at(600, subscription(1)))
  await numbers()
  store.down = true
  clock.now += 3001
  assert.deepEqual(await numbers(), [1])
  clock.now += 1999
  assert.deepEqual(await numbers(), [1])
  clock.now += 1
  await assert.rejects(numbers(), { cause: new Error('down') })
  store.down = false
  assert.deepEqual(await numbers(), [1])
  assert.equal(store.asked.length, 5)
})

test('an index that was never read throws at once', async () => {
  const { store, numbers } = startIndex()
  store.down = true
  await assert.rejects(numbers(), /cannot be read/)
})

test('many who ask at once cause one query, and all fail with it', async () => {
  const { clock, store, numbers } = startIndex(at(600, subscription(1)))
  const all = () => Promise.allSettled(Array.from({ length: 50 }, numbers))
  for (const answer of await all()) assert.deepEqual(answer, { status: 'fulfilled', value: [1] })
  assert.equal(store.asked.length, 1)
  store.down = true
  clock.now += 5001
  for (const { status } of await all()) assert.equal(status, 'rejected')
  assert.equal(store.asked.length, 2)
})

const skip = deployed !== undefined && 'needs a store of its own'
test(
  'the store serves the query from its indexes: every change, no secret, not the counter',
  { skip },
  async () => {
    const world = await createWorld()
    const container = world.container('subscriptions')
    const documents = [
      { id: 'counter', consumer: 'counter', last: 2 },
      subscription(1, { filters: { source: SOURCE }, disabled, pausedUntil: 9 }),
      tombstone(2),
    ]
    for (const document of documents) await container.items.create(document)
    const read = await changesIn(container)(0)
    assert.deepEqual(
      read.map(({ number }) => number).toSorted((a, b) => a - b),
      [1, 2],
    )
    assert.equal(JSON.stringify(read).includes('secret'), false)
    const index = createSubscriptionIndex({ changedSince: changesIn(container) })
    const entry = (await index.current()).get(1)
    assert.deepEqual([entry?.source, entry?.disabled, entry?.pausedUntil], [SOURCE, disabled, 9])
    assert.ok((entry?.version ?? 0) > 1_700_000_000)
    assert.deepEqual(await changesIn(container)((entry?.version ?? 0) + 60), [])
  },
)

test('who subscribes and leaves again, time after time, leaves nothing behind', () => {
  const matcher = createMatcher()
  for (let number = 1; number <= 5000; number++) {
    const resource = `urn:altinn:resource:app_ttd_${number}`
    const filters = { resource, type: `type-${number}` }
    matcher.put(subscription(number, { consumer: `/org/${number}`, filters }))
    matcher.remove(number)
  }
  assert.equal(matcher.size, 0)
  assert.ok(matcher.retained() < 5000, `${matcher.retained()} texts are kept`)
})
