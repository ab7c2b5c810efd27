// Who a number names, by the register of parties: in reads and subscriptions.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { persons, units } from '../../local/register.ts'
import { callers } from '../../local/tokens.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { assertProblemBody } from '../support/problems.ts'
import { createReader, idsOf } from '../support/reader.ts'
import { startFaultyRegister } from '../support/register.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { createSubscriptionsClient, mintToken, type App } from '../support/subscriber.ts'
import { createTestStores, eventually, type TestStores } from '../support/stores.ts'
import type { Receiver } from '../support/own-app.ts'

let stores: TestStores
let receiver: Receiver
let register: Awaited<ReturnType<typeof startFaultyRegister>>
let app: App
let oneToken: string | undefined
let ttd: ReturnType<typeof createReader>
let organisation: ReturnType<typeof createReader>
let AS_ONE: ReturnType<typeof createReader>
let subscriber: ReturnType<typeof createSubscriptionsClient>
let owner: ReturnType<typeof createSubscriptionsClient>
let ttdToken: string | undefined
before(async () => {
  ;[stores, receiver, register] = await Promise.all([
    createTestStores(),
    startReceiver(),
    startFaultyRegister(),
  ])
  app = await startApp(stores, {
    functions: ['read-app-events', 'read-party-events', 'create-subscription', 'read-subscription'],
    settings: {
      ...register.settings,
      ALTINN_SUBSCRIPTION_KEY: 'the-key',
      ACCESS_GRANTS: '[]',
    },
  })
  const [ofTtd, ofOne, mainToken] = await Promise.all(
    [callers.org('ttd', units.other.number), oneClaims, mainClaims].map((claims) =>
      mintToken(claims),
    ),
  )
  ttdToken = ofTtd
  oneToken = ofOne
  ttd = createReader(app, ttdToken)
  organisation = createReader(app, mainToken)
  AS_ONE = createReader(app, oneToken, one.number)
  await store(stores, Object.values(events).flat())
  subscriber = createSubscriptionsClient(app, mainToken)
  owner = createSubscriptionsClient(app, ttdToken)
})
after(() => Promise.all([app.stop(), receiver.stop(), register.stop()]))

const { one, other } = persons
const oneClaims = callers.user(20_001, one.partyId, one.number)
const mainClaims = callers.organisation(units.main.number)
const RESOURCE = 'urn:altinn:resource:app_ttd_apps-test'
const SENTENCE = 'A valid subject to the authenticated identity is required'

// Of each party one event with its number and one without, which only the register can find.
const ofParty = (partyId: number, alternativesubject?: string) =>
  documentAt(Date.now() - 3_600_000, {
    subject: `/party/${partyId}`,
    alternativesubject: alternativesubject ?? '',
  })
const events = {
  one: [ofParty(one.partyId, `/person/${one.number}`), ofParty(one.partyId)],
  main: [ofParty(units.main.partyId, `/org/${units.main.number}`), ofParty(units.main.partyId)],
  claimed: [ofParty(1, `/organisation/${units.main.number}`)], // says so, but is about another party
}
const all = (list: { id: string }[]) => idsOf(list).toSorted()

/** An organisation number of its own for each test that the register must not have answered before. */
const numbers = ['991234500', '991234535', '991234543', '991234551', '312345676', '312345609']
const newNumber = () => numbers.pop() ?? ''
let hooks = 0
const request = (more: object) => ({
  endPoint: `${receiver.url}/${hooks++}`,
  resourceFilter: RESOURCE,
  ...more,
})

/** Asserts a 503 that says when to come again. */
async function assertUnavailable(answer: Response): Promise<void> {
  assert.equal(answer.headers.get('retry-after'), '5')
  const { detail } = await assertProblemBody(answer, 503)
  assert.equal(detail, 'The register of parties does not answer now. Try again.')
}

describe('reads', () => {
  test('by unit and by person have the events of the party with that number', async () => {
    const { events: byPerson } = await AS_ONE.page('party?after=1')
    assert.deepEqual(all(byPerson), all(events.one))
    const { events: byUnit } = await organisation.page(`party?after=1&unit=${units.main.number}`)
    assert.deepEqual(all(byUnit), all(events.main))
    const ofApp = await ttd.page(`ttd/apps-test?after=1&unit=${units.main.number}`)
    assert.deepEqual(all(ofApp.events), all(events.main))
    const asOwner = createReader(app, ttdToken, one.number)
    const { events: ofPerson } = await asOwner.page('ttd/apps-test?after=1')
    assert.deepEqual(all(ofPerson), all(events.one))
  })

  test('ask once about a number, with the key, and the number in the body alone', async () => {
    for (let page = 0; page < 3; page++) await AS_ONE.page('party?after=1&size=1')
    const [asked, ...more] = register.askedAbout(one.number)
    assert.equal(more.length, 0)
    assert.deepEqual(asked?.body, { ssn: one.number })
    assert.equal(asked?.path, '/register/api/v1/parties/lookup')
    assert.equal(asked?.headers['ocp-apim-subscription-key'], 'the-key')
    assert.equal(asked?.headers['authorization'], undefined, 'the reader’s token is not sent on')
  })

  test('by an unknown number are 404, which does not repeat it', async () => {
    const number = newNumber()
    const { detail } = await assertProblemBody(
      await ttd.get(`ttd/apps-test?after=1&unit=${number}`),
      404,
    )
    assert.equal(detail, 'The register knows no party with this number.')
  })

  test('by a number that cannot be one are 404, and not asked about', async () => {
    const number = '991825828'
    await assertProblemBody(await ttd.get(`ttd/apps-test?after=1&unit=${number}`), 404)
    assert.equal(register.askedAbout(number).length, 0)
  })

  test('by somebody else’s number are 403, and not asked about', async () => {
    const asOther = createReader(app, oneToken, other.number)
    await assertProblemBody(await asOther.get('party?after=1'), 403)
    const { number } = units.subunit
    await assertProblemBody(await organisation.get(`party?after=1&unit=${number}`), 403)
    for (const each of [other.number, number]) assert.equal(register.askedAbout(each).length, 0)
  })
})

describe('subscriptions', () => {
  test('by the number of an organisation are to its party, as the original’s', async () => {
    const alternativeSubjectFilter = `/org/${units.main.number}`
    const made = Object(await subscriber.subscribe(request({ alternativeSubjectFilter })))
    assert.equal(made.subjectFilter, `/party/${units.main.partyId}`)
    assert.equal(made.alternativeSubjectFilter, undefined)
    assert.equal(made.includeSubunits, false)
  })

  test('by a person’s number keep none of it', async () => {
    const alternativeSubjectFilter = `urn:altinn:person:identifier-no:${one.number}`
    const client = createSubscriptionsClient(app, oneToken)
    const made = Object(await client.subscribe(request({ alternativeSubjectFilter })))
    assert.equal(made.subjectFilter, `/party/${one.partyId}`)
    assert.doesNotMatch(JSON.stringify(await stores.documents('subscriptions')), /01017512345/)
  })

  test('with a subject of their own keep the alternative subject as it is', async () => {
    const filters = { subjectFilter: '/party/1', alternativeSubjectFilter: '/organisation/1' }
    const made = Object(await owner.subscribe(request(filters)))
    assert.equal(made.alternativeSubjectFilter, '/organisation/1')
  })

  for (const [what, number] of [
    ['an unknown number', newNumber()],
    ['what is no number', '12'],
  ])
    test(`by ${what} are the original’s 400`, async () => {
      const alternativeSubjectFilter = `/organisation/${number}`
      const answer = await owner.call('POST', '', request({ alternativeSubjectFilter }))
      assert.equal((await assertProblemBody(answer, 400)).detail, SENTENCE)
    })

  test('by somebody else’s number are 403, and not asked about', async () => {
    const alternativeSubjectFilter = `/person/${other.number}`
    const answer = await subscriber.call('POST', '', request({ alternativeSubjectFilter }))
    await assertProblemBody(answer, 403)
    assert.equal(register.askedAbout(other.number).length, 0)
  })

  test('with subunits say so, and are others than those without', async () => {
    const asked = request({ subjectFilter: `/party/${units.main.partyId}` })
    const without = await owner.subscribe(asked)
    const made = Object(await owner.subscribe({ ...asked, includeSubunits: true }))
    assert.notEqual(made.id, without.id)
    assert.equal(made.includeSubunits, true)
    assert.equal(Object(await owner.read(made.id)).includeSubunits, true)
    const byNumber = { alternativeSubjectFilter: `/organisation/${units.main.number}` }
    const { endPoint, resourceFilter } = asked
    const again = { endPoint, resourceFilter, ...byNumber, includeSubunits: true }
    assert.equal((await owner.subscribe(again)).id, made.id, 'the same party')
  })

  for (const filters of [{}, { alternativeSubjectFilter: 'urn:altinn:person:idporten-email:a@b' }])
    test(`with subunits of nobody are 400: ${JSON.stringify(filters)}`, async () => {
      const answer = await owner.call('POST', '', request({ ...filters, includeSubunits: true }))
      const { detail } = await assertProblemBody(answer, 400)
      assert.equal(detail, 'IncludeSubunits requires a subject filter.')
    })
})

describe('while the register does not answer', () => {
  for (const fault of ['down', 'hangs', 'garbage'] as const)
    test(`${fault}: 503 for a reader and a subscriber, until it is back`, async () => {
      const number = newNumber()
      const address = `ttd/apps-test?after=1&unit=${number}`
      const status = async () => (await ttd.get(address)).status
      register.fail(fault)
      await eventually('asked', async () => {
        await assertUnavailable(await ttd.get(address))
        return register.askedAbout(number).length > 0
      })
      const filters = { alternativeSubjectFilter: `/organisation/${number}` }
      await assertUnavailable(await owner.call('POST', '', request(filters)))
      register.fail(undefined)
      await eventually('404', async () => (await status()) === 404)
    })

  test('a known number goes on', async () => {
    register.fail('down')
    assert.deepEqual(all((await AS_ONE.page('party?after=1')).events), all(events.one))
    register.fail(undefined)
  })

  test('the log says why, and nothing of whom', () => {
    const lines = app.lines.filter((line) => line.includes('"what":"register.failing"'))
    assert.ok(lines.some((line) => line.includes('"reason":"status 500"')))
    const text = app.lines.join('\n')
    for (const { number } of [one, other, units.main]) assert.doesNotMatch(text, RegExp(number))
    assert.doesNotMatch(text, /the-key/)
  })
})
