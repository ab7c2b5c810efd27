import { decisionResponse, type Answer, type Question } from '../../local/policy-decision-point.ts'
import { createGenericClient } from '../support/generic-client.ts'
import { createSubscriptionsClient } from '../support/subscriber.ts'
import { attack, statusOf, type Attack } from './attack.ts'
import type { PolicyFixture } from './policy-fixture.ts'
import { leakAttacks } from './secrets.ts'

const PREFIX = 'urn:altinn:resource:'
const permit = { Decision: 'Permit' }
const deny = { Decision: 'Deny' }
const body =
  (json: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(typeof json === 'string' ? json : JSON.stringify(json))

/** Answers that permit nothing, however they look like a permit. */
const lies: [name: string, answer: (url: string) => Answer, status: 403 | 503][] = [
  ['two permits', () => body({ Response: [permit, permit] }), 503],
  ['a permit after a refusal', () => body({ Response: [deny, permit] }), 503],
  ['a permit in no list', () => body({ Response: permit }), 503],
  ['a permit in a list of lists', () => body({ Response: [[permit]] }), 503],
  ['a permit at the top', () => body({ ...permit, Response: [] }), 503],
  ['a permit beside a refusal', () => body({ ...permit, Response: [deny] }), 403],
  ['a permit inside of a refusal', () => body({ Response: [{ ...deny, Result: permit }] }), 403],
  ['a permit in small letters', () => body({ Response: [{ Decision: 'permit' }] }), 503],
  ['a permit and a space', () => body({ Response: [{ Decision: 'Permit ' }] }), 503],
  ['true', () => body({ Response: [{ Decision: true }] }), 503],
  ['a permit with a duty', () => body({ Response: [{ ...permit, Obligations: [{}] }] }), 403],
  ['a permit with 404', () => body({ Response: [permit] }, 404), 503],
  ['a permit with 206', () => body({ Response: [permit] }, 206), 503],
  [
    'a redirect to a permit',
    (url) => body({ Response: [permit] }, 302, { location: `${url}/permit` }),
    503,
  ],
  ['a permit of 70 KB', () => body(decisionResponse('Permit', { x: ' '.repeat(70_000) })), 503],
  ['a permit without end', () => (response) => void response.write('{"Response":['), 503],
  ['a permit in UTF-16', () => body(Buffer.from('{}', 'utf16le').toString('latin1')), 503],
]

const QUOTE = '"},{"AttributeId":"urn:altinn:org","Value":"ttd'
const UNICODE = 'å\u202e\u2028"]}'

type Asked = Record<string, string[]> | 'nothing'
/** What is sent, in which member; and the status with what the policy decision point is asked beside the resource. */
const ids = { id: '1', type: 'a', source: '/a' }
const known = ({ id, type, source }: typeof ids) => ({
  'urn:altinn:event-id': [id],
  'urn:altinn:eventtype': [type],
  'urn:altinn:eventsource': [source],
})
const published: [member: string, value: string, status: number, asked: Asked][] = [
  ['resource', `${PREFIX}a${QUOTE}`, 400, 'nothing'],
  ['resource', `${PREFIX}a\nb`, 400, 'nothing'],
  ['resource', `${PREFIX}A`, 400, 'nothing'],
  ['resource', `${PREFIX}å`, 400, 'nothing'],
  ['resource', 'urn:altinn:org:ttd', 403, 'nothing'],
  ['resource', 'urn:altinn:event-id:1', 403, 'nothing'],
  ['resource', 'urn:altinn:partyid:50019855', 403, 'nothing'],
  ['subject', `/party/1${QUOTE}`, 200, known(ids)],
  ['subject', '/party/1/2', 200, known(ids)],
  ['subject', 'urn:altinn:partyid:1:2', 200, known(ids)],
  ['subject', `urn:altinn:resource:b`, 200, known(ids)],
  ['subject', '/person/01017512345', 200, known(ids)],
  ['subject', '/party/1', 200, { ...known(ids), 'urn:altinn:partyid': ['1'] }],
  ['subject', '/party/1\n', 400, 'nothing'],
  ['id', QUOTE, 200, known({ ...ids, id: QUOTE })],
  ['type', QUOTE, 200, known({ ...ids, type: QUOTE })],
  ['type', UNICODE, 200, known({ ...ids, type: UNICODE })],
  ['source', `urn:altinn:org:ttd"\\`, 200, known({ ...ids, source: `urn:altinn:org:ttd"\\` })],
  ['type', 'a\u0000', 400, 'nothing'],
  ['resourceinstance', QUOTE, 200, { ...known(ids), 'urn:altinn:resourceinstance': [QUOTE] }],
]
const read: [query: string, status: number, asked: Asked][] = [
  [`resource=${PREFIX}${encodeURIComponent(QUOTE)}`, 403, 'nothing'],
  [`resource=${PREFIX}a%0Ab`, 403, 'nothing'],
  [`resource=${PREFIX}a%00`, 403, 'nothing'],
  [`resource=${PREFIX}A`, 403, 'nothing'],
  [`resource=${PREFIX}`, 403, 'nothing'],
  [`subject=${encodeURIComponent(`/party/1${QUOTE}`)}`, 200, {}],
  ['subject=/party/%D9%A1', 200, {}],
  ['subject=/org/ttd', 200, { 'urn:altinn:org': ['ttd'] }],
]
const subscribed: [filters: Record<string, string>, status: number, asked: Asked][] = [
  [{ resourceFilter: `${PREFIX}${QUOTE}` }, 403, 'nothing'],
  [{ resourceFilter: `${PREFIX}å` }, 403, 'nothing'],
  [{ resourceFilter: 'urn:altinn:org:skd' }, 403, 'nothing'],
  [{ subjectFilter: `/party/1${QUOTE}` }, 201, {}],
  [{ subjectFilter: '/user/7' }, 201, { 'urn:altinn:userid': ['7'] }],
]

/** Every attack on the policy decision point: what it answers, and what it is made to be asked. */
export function policyAttacks({ app, standIn, endPoint, token }: PolicyFixture): Attack[] {
  const { point, questions } = standIn
  let count = 0
  const newResource = () => `${PREFIX}policy-${++count}`
  const publish = (more: object) =>
    createGenericClient(app, token).publish({ specversion: '1.0', ...ids, ...more })

  /** Returns the status of a request, and what was asked beside the resource: each as one value of one attribute. */
  async function outcomeOf(request: () => Promise<Response>): Promise<string> {
    point.decide = () => 'Permit'
    const before = questions.length
    const status = await statusOf(request())
    const [question, ...others] = questions.slice(before)
    if (others.length > 0) return `${status}, ${others.length + 1} questions`
    return expectedOf(status, question === undefined ? 'nothing' : besideResource(question))
  }
  return [
    ...lies.map(([name, answer, status]) =>
      attack('policy', `it answers ${name}`, status, () => {
        point.decide = () => answer(standIn.url)
        return statusOf(publish({ resource: newResource() }))
      }),
    ),
    ...published.map(([member, value, status, asked]) =>
      attack(
        'policy',
        `POST /events, ${member} ${JSON.stringify(value)}`,
        expectedOf(status, asked),
        () => outcomeOf(() => publish({ resource: newResource(), [member]: value })),
      ),
    ),
    ...read.map(([query, status, asked]) =>
      attack('policy', `GET /events?${query}`, expectedOf(status, asked), () =>
        outcomeOf(() => {
          const resource = query.startsWith('resource') ? '' : `resource=${newResource()}&`
          return createGenericClient(app, token).read(`${resource}${query}&after=0`)
        }),
      ),
    ),
    ...subscribed.map(([filters, status, asked]) =>
      attack(
        'policy',
        `POST /subscriptions, ${JSON.stringify(filters)}`,
        expectedOf(status, asked),
        () =>
          outcomeOf(() =>
            createSubscriptionsClient(app, token).call('POST', '', {
              endPoint,
              resourceFilter: newResource(),
              ...filters,
            }),
          ),
      ),
    ),
    ...leakAttacks('policy', app, [token]),
  ]
}

const expectedOf = (status: number, asked: Asked): string => `${status}, ${JSON.stringify(asked)}`

function besideResource({ resource }: Question): Asked {
  const { 'urn:altinn:resource': _resource, ...others } = resource
  return others
}
