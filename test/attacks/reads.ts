import { idsOf, createReader } from '../support/reader.ts'
import { documentAt, store } from '../support/stored-events.ts'
import type { AccessFixture, Kind } from './access-fixture.ts'
import { attack, statusAndDetail, type Attack } from './attack.ts'

// The stored events: the apps that publish them, and their subjects.
const A_MINUTE_AGO = Date.now() - 60_000
const person1 = { subject: '/party/50019855', alternativesubject: '/person/01017512345' }
const person2 = { subject: '/party/50019856', alternativesubject: '/person/02017512345' }
const company = { subject: '/party/70', alternativesubject: '/org/312345678' }
const ttdItself = { subject: '/party/71', alternativesubject: '/organisation/991825827' }
const read = {
  ttd1: documentAt(A_MINUTE_AGO, { app: 'read', ...person1 }),
  ttd2: documentAt(A_MINUTE_AGO + 1, { app: 'read', ...person2 }),
  ttd3: documentAt(A_MINUTE_AGO + 2, { app: 'read', ...company }),
  ttd2x: documentAt(A_MINUTE_AGO + 3, { org: 'ttd2', app: 'read', ...person1 }),
  skd1: documentAt(A_MINUTE_AGO + 4, { org: 'skd', app: 'read', ...person1 }),
  skd2: documentAt(A_MINUTE_AGO + 5, { org: 'skd', app: 'read', ...ttdItself }),
}
type Stored = keyof typeof read

const ALL_TTD: Stored[] = ['ttd1', 'ttd2', 'ttd3']
const ONLY_ORGS = 'Only orgs can call this api'
const NOT_TTD = 'Not authorized to read events of the apps of ttd'
const NOT_ABOUT = 'Not authorized to read events about this subject'
const SUBJECT =
  'Subject must be specified using either query params party or unit or header value person.'
/** `person` is the header; `expected` is the names of the events, or a status and optionally its `detail`. */
type ReadAttempt = [
  who: Kind,
  address: string,
  person: string,
  expected: Stored[] | [status: 400 | 401 | 403, detail?: string],
]
const readAttempts: ReadAttempt[] = [
  // The events of an app: only for its owner, whatever the filters.
  ['none', 'ttd/read?after=1', '', [401]],
  ['bad', 'ttd/read?after=1', '', [401]],
  ['expired', 'ttd/read?after=1', '', [401]],
  ['ttd', 'ttd/read?after=1', '', ALL_TTD],
  ['skd', 'ttd/read?after=1', '', [403, NOT_TTD]],
  ['user', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['otherUser', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['systemUser', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['organisation', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['nobody', 'ttd/read?after=1', '', [401, ONLY_ORGS]],
  ['ttd', 'ttd/read?after=1&party=50019855', '', ['ttd1']],
  ['ttd', 'ttd/read?after=1&unit=312345678', '', ['ttd3']],
  ['ttd', 'ttd/read?after=1', '02017512345', ['ttd2']],
  ['ttd', 'ttd/read?after=1&source=https://skd.%25,%25', '', ALL_TTD],
  ['ttd', 'ttd/read?after=1&source=%25/skd/%25&type=%25', '', []],
  ['ttd', 'ttd/read?after=1&org=skd&resource=urn:altinn:resource:app_skd_read', '', ALL_TTD],
  ['ttd', 'ttd/%25?after=1', '', []],
  ['ttd', 'ttd/rea%25?after=1', '', []],
  ['ttd', 'ttd/read%20OR%201=1?after=1', '', []],
  ['ttd', 'ttd/other?after=1', '', []],
  ['skd', 'skd/read?after=1', '', ['skd1', 'skd2']],
  ['ttd', 'skd/read?after=1', '', [403]],
  ['ttd', 'skd/read?after=1&unit=991825827', '', [403]], // events about ttd are at app/party
  ['user', 'ttd/read?after=1&party=50019855', '', [401, ONLY_ORGS]],
  ['user', 'ttd/read?after=1', '01017512345', [401, ONLY_ORGS]],
  ['ttd', 'ttd2/read?after=1', '', [403]],
  ['ttd', 'tt/read?after=1', '', [403]],
  ['ttd', 'TTD/read?after=1', '', [403]],
  ['ttd', 'ttd%20/read?after=1', '', [403]],
  ['ttd', '%25/read?after=1', '', [403]],
  ['ttd', 'ttd%2Fskd/read?after=1', '', [403]],
  ['skd', 'ttd/read', '', [403, NOT_TTD]], // authorization comes before validation
  // The events about a subject: only about the caller, of any app.
  ['none', 'party?after=1&party=50019855', '', [401]],
  ['bad', 'party?after=1&party=50019855', '', [401]],
  ['expired', 'party?after=1&party=50019855', '', [401]],
  ['user', 'party?after=1&party=50019855', '', ['ttd1', 'ttd2x', 'skd1']],
  ['user', 'party?after=1', '01017512345', ['ttd1', 'ttd2x', 'skd1']],
  ['user', 'party?after=1&party=50019855&source=%25/skd/%25,https://skd.%25', '', ['skd1']],
  ['user', 'party?after=1', '', [400, SUBJECT]],
  ['user', 'party?after=1&party=0', '', [400, SUBJECT]],
  ['user', 'party?after=1&party=50019856', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=500198551', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=050019855', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1', '02017512345', [403, NOT_ABOUT]],
  ['user', 'party?after=1&unit=312345678', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=50019856&party=50019855', '', [403, NOT_ABOUT]],
  ['user', 'party?after=1&party=50019855&party=50019856', '', ['ttd1', 'ttd2x', 'skd1']],
  ['user', 'party?after=1&party=50019855,50019856', '', [400]],
  ['user', 'party?after=1&party=%25', '', [400]],
  ['user', 'party?after=1&party=5001985%25', '', [400]],
  ['user', 'party?after=1&party=50019855&unit=312345678', '', [400]],
  ['user', 'party?after=1&party=50019855', '02017512345', [400]],
  ['user', 'party?after=1&unit=312345678', '01017512345', [400]],
  ['otherUser', 'party?after=1&party=50019856', '', ['ttd2']],
  ['otherUser', 'party?after=1&party=50019855', '', [403, NOT_ABOUT]],
  ['systemUser', 'party?after=1&unit=312345678', '', ['ttd3']],
  ['systemUser', 'party?after=1&unit=991825827', '', [403, NOT_ABOUT]],
  ['systemUser', 'party?after=1&party=70', '', [403, NOT_ABOUT]], // nothing maps a party to an organisation
  ['organisation', 'party?after=1&unit=912345678', '', []],
  ['organisation', 'party?after=1&unit=312345678', '', [403, NOT_ABOUT]],
  ['ttd', 'party?after=1&unit=991825827', '', ['skd2']],
  ['ttd', 'party?after=1&party=50019855', '', [403, NOT_ABOUT]],
  ['ttd', 'party?after=1&party=50019855&source=https://ttd.%25', '', [403, NOT_ABOUT]],
  ['skd', 'party?after=1&unit=974761076', '', []],
  ['skd', 'party?after=1&unit=991825827', '', [403, NOT_ABOUT]],
  ['nobody', 'party?after=1&party=50019855', '', [403, NOT_ABOUT]],
  ['nobody', 'party?after=1', '01017512345', [403, NOT_ABOUT]],
]

/** Attacks by reading the events of other apps and subjects. */
export async function readAttacks({ stores, app, tokens }: AccessFixture): Promise<Attack[]> {
  await store(stores, Object.values(read))
  return readAttempts.map(([who, address, person, expected]) =>
    attack(
      'read',
      `${who}: ${address}${person && `, person ${person}`}`,
      expected.join(' '),
      async () => {
        const reader = createReader(app, tokens[who], person)
        const [status, detail] = await statusAndDetail(reader.get(address))
        if (status >= 400) return [status, detail].slice(0, expected.length).join(' ')
        return namesOf(idsOf((await reader.pages(address)).flat())).join(' ')
      },
    ),
  )
}

/** Returns the names of the stored events. Other tests publish about the same people, so it ignores other ids. */
const namesOf = (given: string[]): string[] =>
  Object.entries(read)
    .filter(([, { id }]) => given.includes(id))
    .map(([name]) => name)
