import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { operations } from '../support/openapi-validation.ts'
import { kinds, startAccessFixture } from './access-fixture.ts'
import { decidedRoutes } from './access-table.ts'
import { assertOutcomes, type Attack } from './attack.ts'
import { consoleFileAttacks } from './console-files.ts'
import { cookieAttacks } from './cookies.ts'
import { decisionAttacks } from './decisions.ts'
import { genericAttacks } from './generic.ts'
import { idEnumerationAttacks } from './id-enumeration.ts'
import { readAttacks } from './reads.ts'
import { leakAttacks } from './secrets.ts'
import { routeAttacks, subscriptionRoutes } from './routes.ts'
import { subscriptionAttacks } from './subscription-attempts.ts'

const fixture = await startAccessFixture()
after(fixture.stop)
const { app, tokens } = fixture

// One test for a list of attacks: a test for each of 2,000 requests took a third of this file's processor time.
const testAll = (title: string, attacks: Attack[]): void =>
  void test(title, () => assertOutcomes(attacks))
const secretTokens = Object.values(tokens).filter((token) => token !== undefined)
const [routes, granted, cookies, idEnumerations, reads] = await Promise.all([
  routeAttacks(fixture),
  decisionAttacks(fixture),
  cookieAttacks(fixture),
  idEnumerationAttacks(fixture),
  readAttacks(fixture),
])

describe('every route with every kind of token', () => {
  testAll('the routes of the subscriptions', routes)
  testAll('every route about a resource, by what is granted', granted)

  test('the tables have every route of the API', () => {
    const elsewhere = ['POST /app', 'GET /health', 'HEAD /health', 'GET /openapi.json']
    const known = new Set([...subscriptionRoutes, ...decidedRoutes, ...elsewhere])
    const routesOf = operations.filter((operation) => !known.has(operation))
    assert.deepEqual(routesOf, [])
    assert.ok(operations.length > 20)
  })

  test('POST /app requires a valid token of any kind, and a platform token', async () => {
    const expected = { none: 401, bad: 401, expired: 401 }
    for (const kind of kinds) {
      const token = tokens[kind]
      const answer = await app.publish(undefined, {
        Authorization: token === undefined ? undefined : `Bearer ${token}`,
      })
      const status = kind in expected ? 401 : 201
      assert.equal(answer.status, status, kind)
    }
  })

  for (const path of ['/health', '/openapi.json'])
    test(`GET ${path} requires no token`, async () => {
      const answers = kinds.map((kind) => {
        const token = tokens[kind]
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
        return fetch(app.api + path, { headers })
      })
      for (const answer of await Promise.all(answers))
        assert.ok([200, 503].includes(answer.status), String(answer.status))
    })
})

testAll('guessed ids and the subscriptions of others are refused', idEnumerations)
testAll('a token in a cookie reads but changes nothing', cookies)
testAll('who can subscribe to what', subscriptionAttacks(fixture))
testAll('who can do what with generic events', genericAttacks(fixture))
testAll('who can read what', reads)
testAll('the console serves its own files alone', consoleFileAttacks(fixture))
testAll('responses disclose no secret', leakAttacks('access', app, secretTokens))
