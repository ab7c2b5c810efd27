import { after, test } from 'node:test'
import { startPolicyAccessFixture } from './access-fixture.ts'
import { assertOutcomes } from './attack.ts'
import { decisionAttacks } from './decisions.ts'
import { routeAttacks } from './routes.ts'

// The same tables as in access.test.ts, decided by a policy decision point.
const fixture = await startPolicyAccessFixture()
after(fixture.stop)

test('every route with every kind of token', async () =>
  assertOutcomes(await routeAttacks(fixture)))
test('every route about a resource, by what the policy permits', async () =>
  assertOutcomes(await decisionAttacks(fixture)))
