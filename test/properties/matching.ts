import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { AppEvent } from '../../shared/events/cloud-event.ts'
import { createMatcher } from '../../shared/subscriptions/matcher.ts'
import type { Filters, SubscriptionDocument } from '../../shared/subscriptions/subscription.ts'
import { createLikeMatcher } from '../../shared/events/like-pattern.ts'
import { property, type Generated } from './property.ts'

// Few values of each kind, so that most combinations meet; prefixes of each other, so that they do so wrongly where they can.
const resource = fc.constantFrom(
  ...['a', 'b', 'ab', 'A'].map((app) => `urn:altinn:resource:app_ttd_${app}`),
)
const source = fc.constantFrom(
  ...['', '/', '/a', '/a/', '/a2', '/a/1', '/a/1?q', '/a#x'].map((path) => `https://h${path}`),
)
const subject = fc.constantFrom('/party/1', '/party/12', '/party/2', '', '__proto__')
const alternative = fc.constantFrom(
  '/org/1',
  '/organisation/1',
  '/organisation/12',
  '/person/1',
  '',
)
const type = fc.constantFrom('created', 'creat', '/party/1', '/organisation/1', 'constructor')
const time = fc.constantFrom(...[1, 2, 3].map((day) => `2026-01-0${day}T00:00:00.000Z`))
const number = fc.integer({ min: 1, max: 40 })

const filters: fc.Arbitrary<Filters> = fc.record(
  { resource, source, subject, alternative, type, includeSubunits: fc.constant<true>(true) },
  { requiredKeys: ['resource'] },
)

/** A subscription whose document may be another's, so that some take the place of others. */
const subscription = fc.record({
  document: fc.nat({ max: 30 }),
  consumer: fc.constantFrom('/org/ttd', '/org/skd'),
  validated: fc.option(time, { nil: undefined }),
  isDisabled: fc.nat({ max: 9 }).map((chance) => chance === 0),
  filters,
})

const event = fc.record({
  resource,
  source,
  subject,
  type,
  time,
  alternative: fc.option(alternative, { nil: undefined }),
  mainUnits: fc.array(subject, { maxLength: 3 }),
})

/** What happens to a matcher: a subscription is put in under the next number, a number is taken out, an event is matched. */
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ put: subscription }) },
    { weight: 1, arbitrary: fc.record({ remove: number }) },
    { weight: 4, arbitrary: fc.record({ event }) },
  ),
  { maxLength: 60, size: 'max' },
)

/** Matching as it is specified, in the plainest words. */
function matchesBySpecification(
  { filters: wanted, validated, circuit }: SubscriptionDocument,
  sent: AppEvent,
  alternativeOfEvent: string | undefined,
  mainUnits: string[],
): boolean {
  const { source: prefix, ...exact } = wanted
  const same = (alike: string) => alike.replace(/^\/org\//, '/organisation/')
  const base = prefix?.replace(/\/$/, '')
  return (
    exact.resource.toLowerCase() === sent.resource.toLowerCase() &&
    gets({ circuit, validated }) &&
    validated !== undefined &&
    new Date(sent.time) >= new Date(validated) &&
    (exact.subject === undefined ||
      exact.subject === sent.subject ||
      (exact.includeSubunits === true && mainUnits.includes(exact.subject))) &&
    (exact.type === undefined || exact.type === sent.type) &&
    (exact.alternative === undefined ||
      (alternativeOfEvent !== undefined && same(exact.alternative) === alternativeOfEvent)) &&
    (base === undefined ||
      sent.source === base ||
      ['/', '?', '#'].some((next) => sent.source.startsWith(base + next)))
  )
}

interface State {
  circuit?: { state: string } | undefined
  validated?: string | undefined
}
const gets = ({ circuit, validated }: State): boolean =>
  circuit?.state !== 'disabled' && validated !== undefined

const since = '2026-01-01T00:00:00.000Z'

function documentOf(
  place: number,
  { document, isDisabled, validated, ...given }: Generated<typeof subscription>,
): SubscriptionDocument {
  return {
    v: 1,
    id: `document-${document}`,
    number: place,
    endpoint: 'https://example.no/hook',
    createdBy: given.consumer,
    created: since,
    secrets: [],
    ...given,
    ...(validated !== undefined && { validated }),
    ...(isDisabled && { circuit: { state: 'disabled', reason: '410', since } }),
  }
}

/** Subscriptions of others to each resource: the matcher keeps those of a resource with more than eight by value. */
const others = ['a', 'b', 'ab'].flatMap((app, nth) =>
  Array.from({ length: 8 }, (_, i): SubscriptionDocument => {
    const given = { resource: `urn:altinn:resource:app_ttd_${app}`, type: 'other' }
    const itself = { document: 0, validated: since, isDisabled: false, filters: given }
    const place = 1000 + 8 * nth + i
    return { ...documentOf(place, { ...itself, consumer: '/org/ttd' }), id: `other-${place}` }
  }),
)

/** Puts and removes, and compares each match with that of the plain list: with few subscriptions and with many. */
function compareStepByStep(list: Generated<typeof steps>): void {
  compareWith([], list)
  compareWith(others, list)
}

function compareWith(first: SubscriptionDocument[], list: Generated<typeof steps>): void {
  const matcher = createMatcher()
  for (const each of first) matcher.put(each)
  let plain = first
  for (const [index, step] of list.entries()) {
    if ('put' in step) {
      const made = documentOf(index + 1, step.put)
      matcher.put(made)
      plain = plain.filter(({ id, consumer }) => id !== made.id || consumer !== made.consumer)
      plain.push(made)
    } else if ('remove' in step) {
      matcher.remove(step.remove)
      plain = plain.filter((each) => each.number !== step.remove)
    } else {
      const { alternative: other, mainUnits, ...members } = step.event
      const sent: AppEvent = { specversion: '1.0', id: 'id', ...members }
      const stored = other?.replace('/org/', '/organisation/') // as the document of an event has it
      const accepted = Date.parse(sent.time)
      const itself = matcher.match(sent, stored, accepted)
      const ofMainUnits = matcher.matchSubunit(sent, stored, accepted, mainUnits)
      const found = [...itself, ...ofMainUnits].map((each) => each.number)
      const expected = plain
        .filter((each) => matchesBySpecification(each, sent, stored, mainUnits))
        .map((each) => each.number)
      const isAsked = plain.some(
        ({ filters: wanted, ...each }) =>
          wanted.includeSubunits === true &&
          gets(each) &&
          wanted.resource.toLowerCase() === sent.resource.toLowerCase(),
      )
      assert.equal(matcher.includesSubunits(sent.resource), isAsked)
      assert.deepEqual(found.toSorted(byNumber), expected.toSorted(byNumber))
    }
  }
  assert.equal(matcher.size, plain.length)
}

export const matchingProperties = [
  property(
    'matching equals its specification after any sequence of changes',
    20,
    steps,
    compareStepByStep,
  ),
  property(
    'a pattern with % equals its regular expression',
    30,
    fc.tuple(
      fc.string({ unit: fc.constantFrom('a', 'b', 'A', '%', '.', '*'), maxLength: 8 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'B', '.', '%', '\n'), maxLength: 12 }),
    ),
    ([pattern, text]) => {
      const expression = pattern
        .split('%')
        .map((part) => part.replaceAll(/[.*]/g, '\\$&'))
        .join('.*')
      assert.equal(
        createLikeMatcher([pattern])(text),
        new RegExp(`^${expression}$`, 'is').test(text),
      )
    },
  ),
]

const byNumber = (a: number, b: number): number => a - b
