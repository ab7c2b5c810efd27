import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startPolicyDecisionPoint } from '../../local/policy-decision-point.ts'
import { createAccess } from '../../shared/auth/access.ts'
import { identityOf, mayStillHave, requireMaySubscribe } from '../../shared/auth/access-rules.ts'
import { readConfig } from '../../shared/config.ts'
import { callers } from '../../local/tokens.ts'

const standIn = await startPolicyDecisionPoint()
after(standIn.stop)
const { point, questions, settings } = standIn
const url = 'https://example.no/'

test('a refusal from before the right was given ends no delivery', async () => {
  const { access: given } = readConfig({
    Cosmos: `AccountEndpoint=${url};AccountKey=S3CRET==;`,
    QueueStorage: 'DefaultEndpointsProtocol=https;AccountName=events;AccountKey=S3CRET==',
    ALTINN_OPENID_CONFIGURATION_URL: url,
    PLATFORM_TOKEN_JWKS_URL: url,
    ...settings,
  })
  const access = createAccess(given, { documentGrants: () => Promise.reject(new Error('none')) })
  const resource = 'urn:altinn:resource:skd-broker'
  const skd = identityOf({ ...callers.org('skd'), scope: 'altinn:events.subscribe' })
  const subscriber = { consumer: '/org/skd', resource }

  point.decide = () => 'Deny'
  await assert.rejects(requireMaySubscribe(skd, { resource }, access), { status: 403 })
  point.decide = () => 'Permit' // and another instance, which asks now, makes the subscription
  assert.equal(await mayStillHave(subscriber, access), true)

  const asked = questions.length
  assert.equal(await mayStillHave(subscriber, access), true)
  assert.equal(questions.length, asked, 'a permit is kept')
})
