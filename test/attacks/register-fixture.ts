import { units } from '../../local/register.ts'
import { startReceiver } from '../../local/receiver.ts'
import { callers } from '../../local/tokens.ts'
import { startApp } from '../support/app.ts'
import { startFaultyRegister } from '../support/register.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'

const functions = ['read-app-events', 'read-party-events', 'create-subscription']

export type RegisterFixture = Awaited<ReturnType<typeof startRegisterFixture>>

/** An app with a register of parties, and the tokens of those whom it knows. */
export async function startRegisterFixture() {
  const [stores, receiver, register] = await Promise.all([
    createTestStores(),
    startReceiver(),
    startFaultyRegister(),
  ])
  const settings = { ...register.settings, ACCESS_GRANTS: '[]' }
  const app = await startApp(stores, { functions, settings })
  return {
    stores,
    app,
    register,
    newEndpoint: () => `${receiver.url}/${crypto.randomUUID()}`,
    tokens: {
      user: await mintToken(callerClaims.user),
      otherUser: await mintToken(callerClaims.otherUser),
      main: await mintToken(callers.organisation(units.main.number)),
      subunit: await mintToken(callers.organisation(units.subunit.number)),
      other: await mintToken(callers.org('skd', units.other.number)),
      nobody: await mintToken(callerClaims.nobody),
      none: undefined,
    },
    stop: () => Promise.all([app.stop(), receiver.stop(), register.stop()]),
  }
}
