import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Grant } from '../../shared/access-grants.ts'
import { createAccess } from '../../shared/auth/access.ts'
import { identityOf, mayStillHave, requireMaySubscribe } from '../../shared/auth/access-rules.ts'
import { callers } from '../../local/tokens.ts'

const resource = 'urn:altinn:resource:skd-broker'
const grant: Grant = { resource, action: 'subscribe', who: '/org/skd' }
const skd = identityOf({ ...callers.org('skd'), scope: 'altinn:events.subscribe' })

const grants: [name: string, grants: Grant[], may: boolean][] = [
  ['the grant', [grant], true],
  ['a grant to everyone with the scope', [{ ...grant, who: '*' }], true],
  ['a grant for all of these resources', [{ ...grant, resource: 'urn:altinn:resource:*' }], true],
  ['no grant', [], false],
  ['a grant to another', [{ ...grant, who: '/org/ttd' }], false],
  ['a grant to read', [{ ...grant, action: 'read' }], false],
  ['a grant for another resource', [{ ...grant, resource: `${resource}2` }], false],
]
for (const [name, given, may] of grants)
  test(`with ${name} a subscription is ${may ? '' : 'not '}made, and goes on ${may ? '' : 'no longer'}`, async () => {
    const access = createAccess(
      { grants: given },
      { documentGrants: async () => ({ grants: [], isCertain: true }) },
    )
    const made = requireMaySubscribe(skd, { resource }, access)
    if (may) assert.equal(await made, 'grants')
    else await assert.rejects(made, { status: 403 })
    assert.equal(await mayStillHave({ consumer: '/org/skd', resource }, access), may)
  })

test('who has a subscription by a built-in rule is not asked about', async () => {
  const access = createAccess(
    { grants: [grant] },
    { documentGrants: async () => ({ grants: [], isCertain: true }) },
  )
  const own = { resource: 'urn:altinn:resource:app_skd_a' }
  assert.equal(await requireMaySubscribe(skd, own, access), undefined)
  const user = identityOf(callers.user(20001, 50019855, '01017512345'))
  const about = { resource, subject: '/party/50019855' }
  assert.equal(await requireMaySubscribe(user, about, access), undefined)
})

test('without a grant for certain nothing new is permitted, and no delivery ends', async () => {
  const unsure = createAccess(
    { grants: undefined },
    { documentGrants: async () => ({ grants: [], isCertain: false }) },
  )
  const subscriber = { consumer: '/org/skd', resource }
  await assert.rejects(mayStillHave(subscriber, unsure), /not known for certain/)
  await assert.rejects(requireMaySubscribe(skd, { resource }, unsure), { status: 403 })
  const old = { grants: [{ ...grant, action: 'subscribe' as const }], isCertain: false }
  const known = createAccess({ grants: undefined }, { documentGrants: async () => old })
  assert.equal(await mayStillHave(subscriber, known), true, 'what is permitted goes on')
})
