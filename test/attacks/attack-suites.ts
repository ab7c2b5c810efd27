import type { App } from '../support/subscriber.ts'
import { startAccessFixture, startPolicyAccessFixture } from './access-fixture.ts'
import { addressAttacks, endpointAttacks, startEndpointFixture } from './addresses.ts'
import type { Attack } from './attack.ts'
import { bodyAttacks, startBodyFixture } from './bodies.ts'
import { consoleFileAttacks } from './console-files.ts'
import { cookieAttacks } from './cookies.ts'
import { decisionAttacks } from './decisions.ts'
import { idEnumerationAttacks } from './id-enumeration.ts'
import { genericAttacks } from './generic.ts'
import { policyAttacks } from './policy.ts'
import { startPolicyFixture } from './policy-fixture.ts'
import { readAttacks } from './reads.ts'
import { registerAttacks } from './register.ts'
import { startRegisterFixture } from './register-fixture.ts'
import { routeAttacks } from './routes.ts'
import { leakAttacks } from './secrets.ts'
import { sourceAttacks, startSourceFixture } from './sources.ts'
import { startTokenFixture } from './token-fixture.ts'
import { tokenAttacks } from './tokens.ts'
import { startWebhookFixture } from './webhook-fixture.ts'
import { webhookAttacks } from './webhooks.ts'
import { subscriptionAttacks } from './subscription-attempts.ts'
import { longUploadAttacks, startUploadFixture, uploadAttacks } from './uploads.ts'

/** The apps of a fixture, and the attacks on them in order. */
interface AttackSuite {
  attacks: Attack[]
  apps: App[]
  stop: () => Promise<unknown>
}

/** Functions that each start a suite with its own apps. */
export const attackSuites: (() => Promise<AttackSuite>)[] = [
  suite(startTokenFixture, tokenAttacks),
  suite(startSourceFixture, sourceAttacks),
  suite(startBodyFixture, bodyAttacks),
  suite(startUploadFixture, (started) => [
    ...uploadAttacks(started),
    ...longUploadAttacks(started), // too long for `npm test`
  ]),
  suite(startEndpointFixture, (started) => [...addressAttacks, ...endpointAttacks(started)]),
  suite(startAccessFixture, async (started) => [
    ...(await routeAttacks(started)),
    ...(await cookieAttacks(started)),
    ...(await idEnumerationAttacks(started)),
    ...subscriptionAttacks(started),
    ...(await readAttacks(started)),
    ...genericAttacks(started),
    ...(await decisionAttacks(started)),
    ...consoleFileAttacks(started),
    ...leakAttacks(
      'access',
      started.app,
      Object.values(started.tokens).filter((token) => token !== undefined),
    ),
  ]),
  suite(startPolicyAccessFixture, async (started) => [
    ...(await routeAttacks(started)),
    ...(await decisionAttacks(started)),
  ]),
  suite(startPolicyFixture, policyAttacks),
  suite(startRegisterFixture, registerAttacks),
  suite(startWebhookFixture, webhookAttacks),
]

function suite<T extends { app: App; restricted?: App; stop: () => Promise<unknown> }>(
  start: () => Promise<T>,
  attacksOn: (started: T) => Attack[] | Promise<Attack[]>,
): () => Promise<AttackSuite> {
  return async () => {
    const started = await start()
    const apps = [started.app, started.restricted].filter((app) => app !== undefined)
    return { attacks: await attacksOn(started), apps, stop: () => started.stop() }
  }
}
