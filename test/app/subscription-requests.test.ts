import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { invalidSubscriptions } from './invalid-subscriptions.ts'
import {
  assertProblem,
  createSubscriptionsClient,
  callerClaims,
  mintToken,
  type App,
} from '../support/subscriber.ts'
import { type TestStores } from '../support/stores.ts'
import { useApp } from '../support/share.ts'
import type { Receiver } from '../support/own-app.ts'

// What may be asked for, and which requests ask for the same subscription.
const startShared = useApp()
let stores: TestStores
let receiver: Receiver
let app: App
let client: ReturnType<typeof createSubscriptionsClient>
let user: ReturnType<typeof createSubscriptionsClient>
before(async () => {
  ;({ stores, receiver, app } = await startShared())
  client = createSubscriptionsClient(
    app,
    await mintToken({ ...callerClaims.ttd, scope: 'altinn:serviceowner altinn:events.subscribe' }),
  )
  user = createSubscriptionsClient(app, await mintToken(callerClaims.user))
})

const RESOURCE = 'urn:altinn:resource:app_ttd_apps-test'
const SOURCE = 'https://ttd.apps.altinn.no/ttd/apps-test'
const subunits = { includeSubunits: true }
const generic = { endPoint: 'x', resourceFilter: 'urn:example:thing' }
let hooks = 0
const hook = () => `${receiver.url}/requests-${hooks++}` // each asks for another subscription
const endpointsStored = async () => {
  const documents = await stores.documents<{ id: string; endpoint?: string }>('subscriptions')
  return documents.map(({ endpoint }) => endpoint)
}

describe('a subscription', { concurrency: 4 }, () => {
  test('accepts member names in any case, and nulls for absent members', async () => {
    const endPoint = hook()
    const made = await client.subscribe({
      ENDPOINT: endPoint,
      sourcefilter: `${SOURCE}/`,
      SubjectFilter: '/party/1',
      resourceFilter: null,
      alternativeSubjectFilter: '/org/991825827',
      TypeFilter: 't',
      includeSubunits: null,
      unknown: 1,
    })
    const { sourceFilter, subjectFilter, alternativeSubjectFilter, typeFilter } = Object(made)
    assert.deepEqual([made.endPoint, subjectFilter, typeFilter], [endPoint, '/party/1', 't'])
    assert.equal(made.resourceFilter, RESOURCE, 'derived from the source')
    const asCompared = [SOURCE, '/organisation/991825827']
    assert.deepEqual([sourceFilter, alternativeSubjectFilter], asCompared)
  })

  const about = (alternativeSubjectFilter: string) => ({
    resourceFilter: RESOURCE,
    alternativeSubjectFilter,
  })
  const same: [what: string, first: object, second: object][] = [
    ['the same', { resourceFilter: RESOURCE }, { resourceFilter: RESOURCE }],
    ['nulls', { resourceFilter: RESOURCE }, { resourceFilter: RESOURCE, typeFilter: null }],
    ['names in another case', { resourceFilter: RESOURCE }, { RESOURCEFILTER: RESOURCE }],
    ['capitals', { resourceFilter: RESOURCE }, { resourceFilter: `URN${RESOURCE.slice(3)}` }],
    ['a slash', { sourceFilter: SOURCE }, { sourceFilter: `${SOURCE}/` }],
    ['its resource', { sourceFilter: SOURCE }, { sourceFilter: SOURCE, resourceFilter: RESOURCE }],
    [
      'a host in capitals, the default port and needless encodings',
      { sourceFilter: SOURCE },
      {
        sourceFilter: SOURCE.replace('https://ttd.', 'HTTPS://TTD.').replace(
          '/ttd/',
          ':443/%74TD/',
        ),
      },
    ],
    [
      'an organisation as a urn',
      about('/organisation/991825827'),
      about('urn:altinn:organization:identifier-no:991825827'),
    ],
    [
      'a person as a urn',
      about('/person/01017512345'),
      about('urn:altinn:person:identifier-no:01017512345'),
    ],
    ['/org/ for /organisation/', about('/organisation/991825827'), about('/org/991825827')],
  ]
  for (const [what, first, second] of same)
    test(`requested again (${what}) is the existing one, without its secret`, async () => {
      const endPoint = hook()
      const { secret, ...made } = await client.subscribe({ endPoint, ...first })
      const again = await client.subscribe({ endPoint, ...second })
      assert.match(secret ?? '', /^whsec_/)
      assert.deepEqual({ ...again, validated: false }, made)
    })

  test('requested many times at once is created once', async () => {
    const request = { endPoint: hook(), resourceFilter: RESOURCE }
    const made = await Promise.all([1, 2, 3, 4].map(() => client.subscribe(request)))
    assert.equal(new Set(made.map(({ id }) => id)).size, 1)
    assert.equal(made.filter(({ secret }) => secret !== undefined).length, 1)
    const stored = await endpointsStored()
    assert.equal(stored.filter((endpoint) => endpoint === request.endPoint).length, 1)
  })

  test('differs by filter, endpoint or consumer', async () => {
    const party = { resourceFilter: RESOURCE, subjectFilter: '/party/50019855' }
    const endPoint = hook()
    const made = await Promise.all([
      client.subscribe({ endPoint, ...party }),
      user.subscribe({ endPoint, ...party }),
      client.subscribe({ endPoint: hook(), ...party }),
      client.subscribe({ endPoint, ...party, typeFilter: 't' }),
      client.subscribe({ endPoint, ...party, sourceFilter: SOURCE }),
    ])
    assert.equal(new Set(made.map(({ id }) => id)).size, 5)
    assert.ok(made.every(({ secret }) => secret !== undefined))
    assert.equal(made[1]?.consumer, '/user/20001')
  })
})

const invalid = invalidSubscriptions(() => `http://127.0.0.1:9/invalid-${hooks++}`) // nobody is called

describe('an invalid subscription request', { concurrency: 4 }, () => {
  for (const [what, request, detail] of invalid)
    test(what, async () => {
      const said = await assertProblem(await client.call('POST', '', request), 400)
      if (typeof detail === 'string') assert.equal(said, detail)
      else assert.match(said, detail)
    })

  const several: [what: string, request: object, pointers: string[]][] = [
    [
      'of single members',
      { endPoint: 5, sourceFilter: 'x', typeFilter: '' },
      ['/endPoint', '/sourceFilter', '/typeFilter'],
    ],
    [
      'of an address that is not allowed, and of members',
      { endPoint: 'https://10.0.0.1', resourceFilter: 'x', ordered: 1 },
      ['/endPoint', '/resourceFilter', '/ordered'],
    ],
    ['of what is missing', { typeFilter: '' }, ['/endPoint', '/typeFilter', '/resourceFilter']],
    [
      'of members beside each other',
      { endPoint: 'x', ...subunits, resourceFilter: RESOURCE, sourceFilter: `${SOURCE}2` },
      ['/endPoint', '/includeSubunits', '/sourceFilter'],
    ],
    [
      'of a resource that is no app',
      { ...generic, sourceFilter: SOURCE, alternativeSubjectFilter: '/org/991825827' },
      ['/endPoint', '/sourceFilter', '/alternativeSubjectFilter'],
    ],
    [
      'each once: a wrong source is not missing, a wrong subject does not lack',
      { endPoint: 'x', ...subunits, sourceFilter: 'x', subjectFilter: '' },
      ['/endPoint', '/sourceFilter', '/subjectFilter', '/includeSubunits'],
    ],
  ]
  for (const [what, request, pointers] of several)
    test(`lists all violations, each with its place: ${what}`, async () => {
      const { detail, errors } = await client.requestJson(400, 'POST', '', request)
      const found: { pointer: string; detail: string }[] = errors
      assert.deepEqual(
        found.map(({ pointer }) => pointer),
        pointers,
      )
      assert.equal(detail, found[0]?.detail, 'what the original finds first')
      if (what.startsWith('each once')) assert.match(found[3]?.detail ?? '', /needs a register/)
    })

  test('responds 400 to invalid JSON, and 415 to another content type', async () => {
    await assertProblem(await client.call('POST', '', '{'), 400)
    const headers = { 'content-type': 'text/plain' }
    const other = { method: 'POST', headers, body: '{}' }
    await assertProblem(await fetch(`${app.api}/subscriptions`, other), 415)
  })
})

test('stores nothing that it rejects', async () => {
  const stored = new Set(await endpointsStored())
  for (const [what, request] of invalid) {
    const { endPoint } = Object(request)
    if (typeof endPoint === 'string') assert.equal(stored.has(endPoint), false, what)
  }
})
