import { createSubscriptionsClient } from '../support/subscriber.ts'
import { OWN, type AccessFixture, type Kind } from './access-fixture.ts'
import { attack, statusAndDetail, type Attack } from './attack.ts'

// Subscriptions by each kind of caller, and their statuses.
const SKD = 'urn:altinn:resource:app_skd_melding'
const source = (org: string, name: string) => ({
  sourceFilter: `https://${org}.apps.altinn.no/${org}/${name}`,
})
const filter = (resourceFilter: string, more: object = {}) => ({ resourceFilter, ...more })
const subject = (subjectFilter: string) => filter(SKD, { subjectFilter })
const alternative = (alternativeSubjectFilter: string) => filter(SKD, { alternativeSubjectFilter })
const PERSON = 'urn:altinn:person:identifier-no:'
const SUBJECT_REQUIRED = 'A valid subject to the authenticated identity is required'
const notAuthorized = (resource: string) =>
  `Not authorized to create a subscription for resource ${resource}`
type SubscriptionAttempt = [
  who: Kind,
  what: string,
  filters: object,
  status: 201 | 400 | 403,
  detail?: string,
]
const attempts: SubscriptionAttempt[] = [
  ['ttd', 'its own app', filter(OWN), 201],
  ['ttd', 'its own app in capitals', filter(OWN.toUpperCase().replace('URN', 'urn')), 201],
  ['ttd', 'its own app by source', source('ttd', 'app'), 201],
  ['ttd', 'its own app and a party', filter(OWN, { subjectFilter: '/party/1' }), 201],
  ['ttd', "another's app", filter(SKD), 403, notAuthorized(SKD)],
  ['ttd', "another's app by source", source('skd', 'melding'), 403, notAuthorized(SKD)],
  [
    'ttd',
    "another's app on its own host",
    { sourceFilter: 'https://ttd.apps.altinn.no/skd/x' },
    403,
  ],
  [
    'ttd',
    'an app of an org whose name has the same prefix',
    filter('urn:altinn:resource:app_ttd2_x'),
    403,
  ],
  ['ttd', 'an app of an org whose name is a prefix', filter('urn:altinn:resource:app_tt_x'), 403],
  ['ttd', 'all of its apps', filter('urn:altinn:resource:app_ttd'), 403],
  ['ttd', 'its app after another urn', filter('urn:x:urn:altinn:resource:app_ttd_x'), 403],
  ['ttd', 'a resource that is not an app', filter('urn:altinn:resource:ttd'), 403],
  ['ttd', 'a party', subject('/party/50019855'), 403, notAuthorized(SKD)],
  ['ttd', 'itself elsewhere', alternative('/organisation/991825827'), 201],
  ['ttd', 'itself elsewhere, as clients write it', alternative('/org/991825827'), 201],
  ['ttd', 'another organisation elsewhere', alternative('/organisation/991825828'), 403],
  ['skd', "another's app", filter(OWN), 403, notAuthorized(OWN)],
  ['user', 'its party', subject('/party/50019855'), 201],
  ['user', 'itself as a person', alternative('/person/01017512345'), 201],
  [
    'user',
    'its party, one type',
    filter(OWN, { subjectFilter: '/party/50019855', typeFilter: 't' }),
    201,
  ],
  ['user', 'its party by source', { ...source('skd', 'm'), subjectFilter: '/party/50019855' }, 201],
  ['user', 'another party', subject('/party/50019856'), 403, notAuthorized(SKD)],
  ['user', 'a party whose number has the same prefix', subject('/party/500198551'), 403],
  ['user', 'its party with a slash', subject('/party/50019855/'), 400],
  ['user', 'its party in capitals', subject('/PARTY/50019855'), 400],
  ['user', 'another person as a urn', alternative(`${PERSON}02017512345`), 403],
  ['user', 'itself as a urn', alternative(`${PERSON}01017512345`), 201],
  ['user', 'another person', alternative('/person/02017512345'), 403],
  ['user', 'an organisation', alternative('/organisation/991825827'), 403],
  ['user', 'an app as a whole', filter(OWN), 400, SUBJECT_REQUIRED],
  [
    'user',
    'a type of an app',
    filter(OWN, { typeFilter: 'app.instance.created' }),
    400,
    SUBJECT_REQUIRED,
  ],
  ['systemUser', 'its organisation', alternative('/organisation/312345678'), 201],
  ['systemUser', 'its organisation, as clients write it', alternative('/org/312345678'), 201],
  ['systemUser', 'another organisation', alternative('/organisation/991825827'), 403],
  ['systemUser', 'an app as a whole', filter(OWN), 400, SUBJECT_REQUIRED],
  ['organisation', 'itself', alternative('/organisation/912345678'), 201],
  ['organisation', 'itself, as clients write it', alternative('/org/912345678'), 201],
  ['organisation', 'another organisation', alternative('/org/312345678'), 403],
  ['organisation', 'a party', subject('/party/912345678'), 403],
  ['organisation', 'an app as a whole', filter(OWN), 400, SUBJECT_REQUIRED],
  ['nobody', 'an app', filter(OWN), 400, 'Missing event consumer'],
  ['nobody', 'a party', subject('/party/50019855'), 400, 'Missing event consumer'],
]

/** Attacks by subscribing to the events of other apps and subjects, each with its own endpoint, and by previewing that. */
export const subscriptionAttacks = (fixture: AccessFixture): Attack[] =>
  attempts.flatMap((attempt) => [
    attackOf(fixture, attempt, '', attempt[3]),
    attackOf(fixture, attempt, '/preview', attempt[3] === 201 ? 200 : attempt[3]),
  ])

function attackOf(
  { app, tokens, newEndpoint }: AccessFixture,
  [who, what, filters, , detail]: SubscriptionAttempt,
  path: '' | '/preview',
  status: number,
): Attack {
  const name = `${path === '' ? '' : 'preview, '}${who}: ${what}`
  return attack('subscribe', name, [status, detail ?? ''].join(' ').trim(), async () => {
    const request = { endPoint: newEndpoint(), ...filters }
    const client = createSubscriptionsClient(app, tokens[who])
    const answer = await statusAndDetail(client.call('POST', path, request))
    return answer.slice(0, detail === undefined ? 1 : 2).join(' ')
  })
}
