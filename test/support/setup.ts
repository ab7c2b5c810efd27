import { startEmulators } from '../../local/emulators/emulators.ts'
import { startIssuer } from '../../local/issuer.ts'

let stop = async () => {}

/** One set of emulators and one token issuer for the whole run; every test file makes its own database and account. */
export async function globalSetup(): Promise<void> {
  const [emulators, issuer] = await Promise.all([startEmulators(), startIssuer()])
  stop = async () => void (await Promise.all([emulators.stop(), issuer.stop()]))
  Object.assign(process.env, {
    TEST_COSMOS: emulators.cosmos,
    TEST_STORAGE: emulators.storage,
    TEST_ISSUER: issuer.url,
  })
}

export async function globalTeardown(): Promise<void> {
  await stop()
}
