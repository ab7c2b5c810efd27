import { persons, units } from '../../local/register.ts'
import { createReader, idsOf } from '../support/reader.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { createSubscriptionsClient } from '../support/subscriber.ts'
import { attack, statusAndDetail, type Attack } from './attack.ts'
import type { RegisterFixture } from './register-fixture.ts'

// One event about each; whoever asks gets its own, and the register is asked about nobody else.
const A_MINUTE_AGO = Date.now() - 60_000
const events = {
  person: documentAt(A_MINUTE_AGO, about(persons.one)),
  otherPerson: documentAt(A_MINUTE_AGO + 1, about(persons.other)),
  main: documentAt(A_MINUTE_AGO + 2, about(units.main)),
  subunit: documentAt(A_MINUTE_AGO + 3, about(units.subunit)),
  other: documentAt(A_MINUTE_AGO + 4, about(units.other)),
}
function about({ partyId }: { partyId: number }) {
  return { app: 'register', subject: `/party/${partyId}`, alternativesubject: '' }
}

type Caller = keyof RegisterFixture['tokens']
const [PERSON, OTHER_PERSON] = [persons.one.number, persons.other.number]
const [MAIN, SUBUNIT, OTHER] = [units.main.number, units.subunit.number, units.other.number]

/** Reads of `party`, by a unit or by the header `person`. */
const reads: [who: Caller, query: string, person: string, expected: string][] = [
  ['user', '', PERSON, 'person'],
  ['main', `&unit=${MAIN}`, '', 'main'],
  ['subunit', `&unit=${SUBUNIT}`, '', 'subunit'],
  ['none', `&unit=${MAIN}`, '', '401'],
  ['nobody', `&unit=${MAIN}`, '', '403'],
  ['user', '', OTHER_PERSON, '403'],
  ['otherUser', '', PERSON, '403'],
  ['main', '', PERSON, '403'],
  ['user', `&unit=${MAIN}`, '', '403'],
  ['subunit', `&unit=${MAIN}`, '', '403'], // a subunit is not its main unit
  ['main', `&unit=${SUBUNIT}`, '', '403'], // nor the other way round: reads include no subunits
  ['other', `&unit=${MAIN}`, '', '403'],
  ['main', `&party=${units.subunit.partyId}`, '', '403'],
  ['user', `&party=${persons.other.partyId}`, '', '403'],
  ['main', `&unit=${OTHER}&unit=${MAIN}`, '', '403'],
  ['main', `&unit=${MAIN}&unit=${OTHER}`, '', 'main'],
  ['main', `&unit=${MAIN}&party=${units.other.partyId}`, '', '400'],
  ['main', `&unit=${MAIN}`, PERSON, '400'],
  ['main', `&unit=${MAIN}","ssn":"${PERSON}`, '', '400'],
  ['user', '', `${PERSON},${OTHER_PERSON}`, '400'],
  ['user', '', `/${PERSON}`, '400'],
]

const filters = (alternativeSubjectFilter: string, more: object = {}) => ({
  alternativeSubjectFilter,
  ...more,
})
const subunits = { includeSubunits: true }
const subscriptionAttempts: [who: Caller, what: string, filters: object, expected: string][] = [
  ['main', 'its subunits', filters(`/organisation/${MAIN}`, subunits), '201'],
  ['user', 'itself', filters(`/person/${PERSON}`), '201'],
  ['user', 'another person', filters(`/person/${OTHER_PERSON}`), '403'],
  ['user', 'an organisation', filters(`/organisation/${MAIN}`, subunits), '403'],
  ['subunit', 'its main unit', filters(`/org/${MAIN}`, subunits), '403'],
  ['main', 'one subunit', filters(`/organisation/${SUBUNIT}`), '403'],
  ['other', 'subunits of another', filters(`/organisation/${MAIN}`, subunits), '403'],
  ['main', 'another party', { subjectFilter: `/party/${units.other.partyId}`, ...subunits }, '403'],
  ['main', 'another after itself', filters(`/organisation/${MAIN}/../${OTHER}`), '403'],
  ['main', 'two questions', filters(`/organisation/${MAIN}","ssn":"${PERSON}`), '403'],
  ['main', 'subunits of all', subunits, '400'],
  ['nobody', 'itself', filters(`/organisation/${MAIN}`), '400'],
  ['none', 'an organisation', filters(`/organisation/${MAIN}`), '401'],
]

/** Returns every attempt to get at another party by a number. */
export async function registerAttacks(fixture: RegisterFixture): Promise<Attack[]> {
  const { stores, app, register, tokens, newEndpoint } = fixture
  await store(stores, Object.values(events))

  /** Runs a request. Its outcome is its status, and that the register was asked although it was refused. */
  async function outcomeOf(request: () => Promise<Response>): Promise<string> {
    const before = register.asked.length
    const [status] = await statusAndDetail(request())
    const isAsked = register.asked.length > before
    return `${status}${status >= 400 && isAsked ? ', and the register was asked' : ''}`
  }
  const readAttempts = reads.map(([who, query, person, expected]) =>
    attack('register', `${who} reads party?${query.slice(1)} ${person}`, expected, async () => {
      const reader = createReader(app, tokens[who], person)
      const outcome = await outcomeOf(() => reader.get(`party?after=1${query}`))
      if (outcome !== '200') return outcome
      const found = idsOf((await reader.page(`party?after=1${query}`)).events)
      const named = Object.entries(events).filter(([, { id }]) => found.includes(id))
      return named.map(([name]) => name).join(' ')
    }),
  )
  const subscriptions = subscriptionAttempts.map(([who, what, more, expected]) =>
    attack('register', `${who} subscribes to ${what}`, expected, () => {
      const client = createSubscriptionsClient(app, tokens[who])
      const resourceFilter = 'urn:altinn:resource:app_ttd_register'
      const request = { endPoint: newEndpoint(), resourceFilter, ...more }
      return outcomeOf(() => client.call('POST', '', request))
    }),
  )
  return [...readAttempts, ...subscriptions]
}
