import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { startHttpProperties } from './http.ts'
import { inputShares } from './input-shares.ts'
import type { Property } from './property.ts'
import { pureProperties } from './pure.ts'
import { startQueueProperties } from './queues.ts'
import { seedOf } from '../support/seed.ts'

// `npm run proof:attacks` tries the same with 50,000 inputs. SEED=… repeats a run.
const seed = seedOf('SEED', process.env['SEED'])
const unhandled: unknown[] = []
process.on('unhandledRejection', (reason) => unhandled.push(reason))
after(() => assert.deepEqual(unhandled, []))

/** One test a property; a failure names the seed and the smallest input. */
function testEach(properties: Property[], inputs: number): void {
  for (const [{ name, failure }, part] of inputShares(properties, inputs))
    test(name, async () => {
      const found = await failure(part, seed)
      assert.equal(found, undefined, found)
    })
}

describe('properties of the modules', () => testEach(pureProperties, 2000))

const http = await startHttpProperties()
const whole = await startQueueProperties()
after(() => Promise.all([http.app.stop(), whole.app.stop(), whole.receiver.stop()]))
describe('properties of the running app', () =>
  testEach([...http.properties, ...whole.properties], 200))
