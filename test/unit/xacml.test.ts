import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessQuestion } from '../../shared/auth/access-question.ts'
import { decisionRequestOf } from '../../shared/auth/xacml-request.ts'
import { parseDecision } from '../../shared/auth/xacml-response.ts'

const ACTION = 'urn:oasis:names:tc:xacml:1.0:action:action-id'
const org = { consumer: '/org/skd', scopes: new Set<string>(), organisation: '974761076', level: 3 }
const event = { id: '1', type: 'a.b', source: '/a' }

function asked(given: Partial<AccessQuestion> = {}, who: Partial<AccessQuestion['who']> = {}) {
  const resource = 'urn:altinn:resource:skd-broker'
  const question = { who: { ...org, ...who }, action: 'publish' as const, resource, ...given }
  const request = decisionRequestOf(question)
  if (request === undefined) return undefined
  const { Request } = JSON.parse(request.body)
  const pairs = (category: { Attribute: { AttributeId: string; Value: string }[] }[]) =>
    category.flatMap(({ Attribute }) =>
      Attribute.map(({ AttributeId, Value }) => [AttributeId, Value]),
    )
  const { AccessSubject, Action, Resource } = Request
  return { subject: pairs(AccessSubject), action: pairs(Action), resource: pairs(Resource) }
}

test('asks in the attributes of Altinn’s policies', () => {
  assert.deepEqual(asked({ event, subject: '/party/1' }), {
    subject: [
      ['urn:altinn:org', 'skd'],
      ['urn:altinn:organization:identifier-no', '974761076'],
      ['urn:altinn:organizationnumber', '974761076'],
    ],
    action: [[ACTION, 'publish']],
    resource: [
      ['urn:altinn:resource', 'skd-broker'],
      ['urn:altinn:event-id', '1'],
      ['urn:altinn:eventtype', 'a.b'],
      ['urn:altinn:eventsource', '/a'],
      ['urn:altinn:partyid', '1'],
    ],
  })
  const ofApp = asked({ action: 'subscribe', resource: 'urn:altinn:resource:app_ttd_a_b' })
  assert.deepEqual(ofApp?.action, [[ACTION, 'read']])
  assert.deepEqual(ofApp.resource, [
    ['urn:altinn:resource', 'app_ttd_a_b'],
    ['urn:altinn:org', 'ttd'],
    ['urn:altinn:app', 'a_b'],
    ['urn:altinn:appresource', 'events'],
  ])
})

const UUID = 'a545ca75-0d54-4f84-9d57-5ae1b1d50cd2'
const callers: [consumer: string, attributes: [string, string][] | undefined][] = [
  ['/user/20001', [['urn:altinn:userid', '20001']]],
  [`/systemuser/${UUID}`, [['urn:altinn:systemuser:uuid', UUID]]],
  [
    '/organisation/912345678',
    [
      ['urn:altinn:organization:identifier-no', '912345678'],
      ['urn:altinn:organizationnumber', '912345678'],
    ],
  ],
  ['/systemuser/abc', undefined],
  ['/organisation/1', undefined],
  ['/user/a', undefined],
  ['/org/a:b', undefined],
]
for (const [consumer, attributes] of callers)
  test(`${consumer} asks as ${JSON.stringify(attributes)}`, () => {
    assert.deepEqual(asked({}, { consumer, organisation: '974761076' })?.subject, attributes)
  })

const subjects: [subject: string, attribute: [string, string] | undefined][] = [
  ['/organisation/912345678', ['urn:altinn:organization:identifier-no', '912345678']],
  [
    'urn:altinn:organization:identifier-no:912345678',
    ['urn:altinn:organization:identifier-no', '912345678'],
  ],
  [`urn:altinn:party:uuid:${UUID}`, ['urn:altinn:party:uuid', UUID]],
  ['urn:altinn:partyid:1', ['urn:altinn:partyid', '1']],
  ['/org/ttd', ['urn:altinn:org', 'ttd']],
  ['urn:altinn:person:identifier-no:01017512345', undefined],
  ['/person/01017512345', undefined],
  ['/party/1"}]', undefined],
  ['/party/1\n', undefined],
  ['/party/١', undefined],
  ['/party/1/2', undefined],
  ['urn:altinn:partyid:1:2', undefined],
  ['urn:altinn:event-id:1', undefined],
]
for (const [subject, attribute] of subjects)
  test(`the subject ${JSON.stringify(subject)} is asked as ${JSON.stringify(attribute)}`, () => {
    const more = attribute === undefined ? [] : [attribute]
    assert.deepEqual(asked({ subject })?.resource.slice(1), more)
  })

test('an attribute comes once: the subject does not name another org beside the app’s', () => {
  const resource = 'urn:altinn:resource:app_ttd_a'
  const { resource: attributes = [] } = asked({ resource, subject: '/org/skd' }) ?? {}
  assert.deepEqual(
    attributes.filter(([id]) => id === 'urn:altinn:org'),
    [['urn:altinn:org', 'ttd']],
  )
})

for (const resource of [
  'urn:altinn:resource:a"b',
  'urn:altinn:resource:a\nb',
  'urn:altinn:resource:Å',
  'urn:altinn:resource:A',
  'urn:altinn:resource:',
  'urn:altinn:partyid:1',
  'urn:altinn:event-id:1',
  'urn:altinn:org:ttd',
  'urn:altinn:organizationnumber:974761076',
  'skd-broker',
  '',
])
  test(`nothing is asked about the resource ${JSON.stringify(resource)}`, () => {
    assert.equal(asked({ resource }), undefined)
  })

test('a decision is kept for exactly what was asked, but for the id of the event', () => {
  const base = { who: org, action: 'publish', resource: 'urn:altinn:resource:a', event } as const
  const keyOf = (given: Partial<AccessQuestion>) => decisionRequestOf({ ...base, ...given })?.key
  assert.equal(keyOf({ event: { ...event, id: '2' } }), keyOf({}))
  const others: Partial<AccessQuestion>[] = [
    { event: { ...event, type: 'c' } },
    { event: { ...event, source: '/b' } },
    { event: { ...event, resourceinstance: '1' } },
    { event: { ...event, type: 'a.b","urn:altinn:eventsource","/a' } },
    { action: 'subscribe' },
    { resource: 'urn:altinn:resource:b' },
    { resource: 'urn:altinn:resource:a:b' },
    { subject: '/party/1' },
    { subject: '/user/1' },
    { who: { ...org, consumer: '/org/ttd' } },
    { who: { ...org, organisation: undefined } },
  ]
  const keys = [{}, ...others].map(keyOf)
  assert.equal(new Set(keys).size, keys.length)
})

const level = (value: unknown, category = 'urn:altinn:minimum-authenticationlevel') => ({
  Id: 'urn:altinn:obligation:authenticationLevel1',
  AttributeAssignment: [
    { AttributeId: 'a', Value: value, Category: category, DataType: 'integer' },
  ],
})
const ofOrgs = (value: unknown) => level(value, 'urn:altinn:minimum-authenticationlevel-org')
const permit = (...Obligations: unknown[]) => ({
  Response: [{ Decision: 'Permit', Obligations, Status: { StatusCode: { Value: 'ok' } } }],
})
const permits: [response: object, levels: [callers: number, orgs: number]][] = [
  [{ Response: [{ Decision: 'Permit' }] }, [0, 0]],
  [{ Response: [{ Decision: 'Permit', Obligations: null, Category: null }] }, [0, 0]],
  [permit(), [0, 0]],
  [permit(level('3')), [3, 3]],
  [permit(level(3), ofOrgs('2')), [3, 2]],
  [permit(level(2), level(4)), [4, 4]],
]
for (const [response, [minimumLevel, minimumLevelOfOrgs]] of permits)
  test(`${JSON.stringify(response)} permits`, () => {
    const decision = parseDecision(JSON.stringify(response))
    assert.deepEqual(decision, { isPermit: true, minimumLevel, minimumLevelOfOrgs })
  })

for (const response of [
  { Response: [{ Decision: 'Deny' }] },
  { Response: [{ Decision: 'NotApplicable' }] },
  { Response: [{ Decision: 'Deny', Obligations: [{ Id: 'log' }] }] },
  permit({ Id: 'log' }),
  permit(level(3), { Id: 'log', AttributeAssignment: [] }),
  permit(level('high')),
  permit(level(3, 'urn:other')),
  permit(null),
])
  test(`${JSON.stringify(response)} refuses`, () => {
    assert.equal(parseDecision(JSON.stringify(response)).isPermit, false)
  })

for (const text of [
  '',
  'Permit',
  '"Permit"',
  'null',
  '[]',
  '{"Decision":"Permit"}',
  '{"Response":[]}',
  '{"Response":"Permit"}',
  '{"Response":{"Decision":"Permit"}}',
  '{"Response":[{"Decision":"Permit"},{"Decision":"Permit"}]}',
  '{"Response":[{"Decision":"Permit"},{"Decision":"Deny"}]}',
  '{"Response":[{"Decision":"Indeterminate"}]}',
  '{"Response":[{"Decision":"permit"}]}',
  '{"Response":[{"Decision":["Permit"]}]}',
  '{"Response":[{"decision":"Permit"}]}',
  '{"Response":[{"Result":{"Decision":"Permit"}}]}',
  '{"Response":[{"Decision":"Permit","Obligations":"none"}]}',
  '{"Response":[{"Decision":"Permit","Obligations":{}}]}',
  '{"response":[{"Decision":"Permit"}]}',
])
  test(`${text} is no decision`, () => {
    assert.throws(() => parseDecision(text), /not JSON|no single decision/)
  })
