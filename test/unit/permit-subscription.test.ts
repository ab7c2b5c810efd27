import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callers } from '../../local/tokens.ts'
import { identityOf, mayStillHave } from '../../shared/auth/access-rules.ts'
import type { Access } from '../../shared/auth/access-question.ts'
import { permitSubscription } from '../../shared/flows/permit-subscription.ts'

const resource = 'urn:altinn:resource:app_ttd_a'
const alternative = '/organisation/974760673'
const request = { endpoint: 'https://a.no/', filters: { resource, alternative } }
const register = {
  partyOf: () => Promise.resolve('/party/9'),
  mainUnitsOf: () => Promise.resolve([]),
}
const permitting = (may: (subject: string | undefined) => boolean): Access => ({
  decidedBy: 'policy',
  isPermitted: ({ subject }) => Promise.resolve(may(subject)),
})
const skd = identityOf(callers.org('skd'))

test('what is permitted is the party that deliveries are asked about', async () => {
  const access = permitting((subject) => subject === undefined)
  await assert.rejects(permitSubscription({ access, register }, skd, request), { status: 403 })
  const all = permitting(() => true)
  const { wanted, accessBy } = await permitSubscription({ access: all, register }, skd, request)
  assert.deepEqual([wanted.filters, accessBy], [{ resource, subject: '/party/9' }, 'policy'])
  assert.ok(await mayStillHave({ ...wanted.filters, consumer: '/org/skd' }, all))
})

test('a unit by its own number needs no permission about its party', async () => {
  const unit = identityOf(callers.organisation('974760673'))
  const access = permitting(() => false)
  const { accessBy } = await permitSubscription({ access, register }, unit, request)
  assert.equal(accessBy, undefined)
})
