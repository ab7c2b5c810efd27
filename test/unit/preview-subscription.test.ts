import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AccessQuestion } from '../../shared/auth/access-question.ts'
import type { Identity } from '../../shared/auth/access-rules.ts'
import { previewSubscription } from '../../shared/flows/preview-subscription.ts'
import { permitSubscription } from '../../shared/flows/permit-subscription.ts'
import { eventOf, idOf, startFlows } from './flow-fixture.ts'
import { RESOURCE } from './subscription-fixture.ts'

test('a preview about oneself does not count the events of others', async () => {
  const flows = startFlows()
  for (let n = 1; n <= 7; n++) flows.addEvent(eventOf(idOf(n))) // all about /party/1
  const me: Identity = {
    consumer: '/party/2',
    org: undefined,
    subjects: ['/party/2'],
    scopes: new Set<string>(),
    level: 3,
    organisation: undefined,
  }
  const { wanted } = await flows.run(
    permitSubscription(flows.services, me, {
      endpoint: 'https://a.no/',
      filters: { resource: RESOURCE, subject: '/party/2' },
    }),
  )
  const { examined, matched } = await flows.run(previewSubscription(flows.services, wanted, me))
  assert.deepEqual({ examined, matched }, { examined: 0, matched: 0 })
})

test('a preview with subunits counts their events', async () => {
  const flows = startFlows()
  flows.addEvent(eventOf(idOf(1))) // about /party/1
  const register = {
    partyOf: () => Promise.resolve(undefined),
    mainUnitsOf: () => Promise.resolve(['/party/9']),
  }
  const filters = { resource: RESOURCE, subject: '/party/9', includeSubunits: true as const }
  const { examined, matched } = await flows.run(
    previewSubscription({ ...flows.services, register }, { filters }, { consumer: '/org/skd' }),
  )
  assert.deepEqual({ examined, matched }, { examined: 1, matched: 1 })
})

test('a preview leaves out the events about subunits that the policy does not permit', async () => {
  const flows = startFlows()
  flows.addEvent(eventOf(idOf(1))) // about /party/1
  const register = {
    partyOf: () => Promise.resolve(undefined),
    mainUnitsOf: () => Promise.resolve(['/party/9']),
  }
  const asked: (string | undefined)[] = []
  const access = {
    decidedBy: 'policy' as const,
    isPermitted: ({ subject }: AccessQuestion) => {
      asked.push(subject)
      return Promise.resolve(subject !== '/party/1')
    },
  }
  const filters = { resource: RESOURCE, subject: '/party/9', includeSubunits: true as const }
  const owner = { consumer: '/org/skd', accessBy: 'policy' as const }
  const services = { ...flows.services, register, access }
  const { examined, latest } = await flows.run(previewSubscription(services, { filters }, owner))
  assert.deepEqual([examined, latest], [0, []])
  assert.deepEqual(asked, ['/party/9', '/party/1'])
})
