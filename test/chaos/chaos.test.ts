import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brief } from './profiles.ts'
import { runLoss } from './run.ts'
import { INBOUND_COUNT } from './stores.ts'
import { seedOf } from '../support/seed.ts'
import { issuerSettings } from '../support/app.ts'
import { createTestStores, deployedUrl, setting } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'

// The short form of `npm run proof:loss`: one seed, a random one unless LOSS_SEED is set.
const skip = deployedUrl !== undefined && 'needs processes and stores of its own'
const seed = seedOf('LOSS_SEED', process.env['LOSS_SEED'])

test(`no event that was answered with 201 is lost: LOSS_SEED=${seed}`, { skip }, async (t) => {
  const stores = await createTestStores({ inbound: INBOUND_COUNT })
  const result = await runLoss(
    {
      stores: stores.settings,
      issuer: { url: setting('TEST_ISSUER'), settings: issuerSettings() },
    },
    {
      name: 'test',
      seed,
      size: { events: 100, seconds: 4, kills: 3, faultShare: 0.03, hasDownSubscriber: false },
      profile: { ...brief, idleTimeoutSeconds: scaleTimeout(brief.idleTimeoutSeconds) },
      isBaseline: false,
      onProgress: (line) => t.diagnostic(line),
    },
  )
  const { accepted, expected, delivered, dead, faults, kills, duplicates, seconds } = result
  t.diagnostic(
    `${accepted} accepted, ${delivered} of ${expected} delivered, ${dead} dead, ${duplicates} twice, ${faults} faults, ${kills} kills, ${seconds} s`,
  )
  assert.deepEqual(result.lost, [])
  assert.equal(delivered + dead, expected)
  assert.ok(
    accepted > 0 && faults > 0 && kills === 3,
    'some events were accepted, and all kinds of faults happened',
  )
  assert.deepEqual([result.duplicateKeys, result.invalidSignatures, result.crashes], [0, 0, 0])
})
