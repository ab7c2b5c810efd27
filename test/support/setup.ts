import { startEmulators } from '../../local/emulators/emulators.ts'
import { startIssuer } from '../../local/issuer.ts'
import { measureTimeFactor } from './time-limits.ts'

let stop = async () => {}

/**
 * Starts one set of emulators and one token issuer for the whole run, in which every test file makes a database and an
 * account of its own, and measures how patient its tests must be.
 */
export async function globalSetup(): Promise<void> {
  const factor = await measureTimeFactor()
  const [emulators, issuer] = await Promise.all([startEmulators(), startIssuer()])
  stop = async () => void (await Promise.all([emulators.stop(), issuer.stop()]))
  Object.assign(process.env, {
    TEST_COSMOS: emulators.cosmos,
    TEST_STORAGE: emulators.storage,
    TEST_ISSUER: issuer.url,
    TEST_TIME_FACTOR: String(factor),
  })
}

export async function globalTeardown(): Promise<void> {
  await stop()
}
