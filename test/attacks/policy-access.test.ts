import { before, suite, test } from 'node:test'
import { assertOutcomes } from './attack.ts'
import { decisionAttacks } from './decisions.ts'
import { routeAttacks } from './routes.ts'
import { sharedPolicy } from './shared-policy.ts'
import { decideByTable } from './table-grants.ts'

// The same tables as in access.test.ts, decided by a policy decision point.
suite('by a policy decision point', () => {
  before(() => void (sharedPolicy.standIn.point.decide = decideByTable))

  test('every route with every kind of token', async () =>
    assertOutcomes(await routeAttacks(sharedPolicy)))
  test('every route about a resource, by what the policy permits', async () =>
    assertOutcomes(await decisionAttacks(sharedPolicy)))
})
