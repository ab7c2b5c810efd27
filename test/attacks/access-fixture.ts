import { startPolicyDecisionPoint } from '../../local/policy-decision-point.ts'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'
import { decideByTable, tableGrants } from './table-grants.ts'

export const OWN = 'urn:altinn:resource:app_ttd_apps-test'

/** What the app's operator grants. */
const grants = [
  { resource: 'urn:altinn:resource:skd-*', action: 'publish', who: '/org/skd' },
  { resource: 'urn:altinn:resource:open', action: 'publish', who: '*' },
  { resource: 'urn:altinn:resource:skd-*', action: 'read', who: '/org/skd' },
  { resource: 'urn:altinn:resource:skd-*', action: 'subscribe', who: '/org/skd' },
  { resource: 'urn:altinn:resource:app_ttd_shared', action: 'subscribe', who: '/org/skd' },
  ...tableGrants,
]

const functions = ['publish-event', 'health', 'openapi']
functions.push('create-subscription', 'preview-subscription', 'list-subscriptions')
functions.push('read-subscription', 'delete-subscription', 'rotate-secret', 'list-deliveries')
functions.push('retry-one-delivery', 'validate-subscription')
functions.push('pause-subscription', 'resume-subscription')
functions.push('start-replay', 'preview-replay', 'read-replay', 'cancel-replay')
functions.push('read-app-events', 'read-party-events')
functions.push('publish-generic-event', 'read-generic-events', 'read-generic-event')
functions.push('read-app-event', 'list-subscribers', 'read-activity', 'list-resources')
functions.push('read-delivery', 'read-statistics', 'console')

/** Every kind of token, in the order of the tables in routes.ts. */
export const kinds = [
  ...(['none', 'bad', 'expired', 'ttd', 'skd', 'user', 'otherUser'] as const),
  ...(['systemUser', 'organisation', 'nobody'] as const),
]
export type Kind = (typeof kinds)[number]

async function mintTokens(): Promise<Record<Kind, string | undefined>> {
  return {
    none: undefined,
    bad: 'abc',
    expired: await mintToken(callerClaims.ttd, -60),
    ttd: await mintToken(callerClaims.ttd),
    skd: await mintToken(callerClaims.skd),
    user: await mintToken(callerClaims.user),
    otherUser: await mintToken(callerClaims.otherUser),
    systemUser: await mintToken(callerClaims.systemUser),
    organisation: await mintToken(callerClaims.organisation),
    nobody: await mintToken(callerClaims.nobody),
  }
}

/** An app whose grants decide. */
export const startAccessFixture = () =>
  startFixture('grants', { ACCESS_GRANTS: JSON.stringify(grants) })

/** An app whose policy decision point permits what the grants of the table do. */
export async function startPolicyAccessFixture() {
  const standIn = await startPolicyDecisionPoint()
  standIn.point.decide = decideByTable
  const fixture = await startFixture('policy', standIn.settings)
  const stop = async () => [await fixture.stop(), await standIn.stop()]
  return { ...fixture, standIn, stop }
}

export type AccessFixture = Omit<Awaited<ReturnType<typeof startFixture>>, 'stop'> & {
  stop: () => Promise<unknown>
}

/** Starts an app without delivery, a receiver for subscriptions, and mints a token of each kind. */
async function startFixture(decidedBy: 'grants' | 'policy', settings: Record<string, string>) {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  const app = await startApp(stores, { functions, settings })
  let endpointCount = 0
  return {
    decidedBy,
    stores,
    app,
    tokens: await mintTokens(),
    /** Returns an endpoint without a subscription. */
    newEndpoint: () => `${receiver.url}/${endpointCount++}`,
    stop: () => Promise.all([app.stop(), receiver.stop()]),
  }
}
