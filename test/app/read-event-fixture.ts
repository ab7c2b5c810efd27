import { after } from 'node:test'
import { startFaultProxy } from '../../local/fault-proxy.ts'
import { startApp } from '../support/app.ts'
import { createReader } from '../support/reader.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { callerClaims, mintToken } from '../support/subscriber.ts'
import { createTestStores } from '../support/stores.ts'

// An app that reads events, from a store whose faults can be planned.
export const HOUR = 3_600_000
export const stores = await createTestStores()
const functions = ['read-app-events', 'read-party-events']
export const cosmos = await startFaultProxy(stores.settings.Cosmos)
export const app = await startApp(stores, {
  functions,
  settings: { READ_HOLDBACK_SECONDS: '15', Cosmos: cosmos.connection },
})
after(() => Promise.all([app.stop(), cosmos.stop()]))
export const ttd = createReader(app, await mintToken(callerClaims.ttd))
const someone = await mintToken({
  ...callerClaims.user,
  'urn:altinn:partyid': 71,
  pid: '03017512345',
})
export const user = createReader(app, someone)
export const person = createReader(app, someone, '03017512345')

// Every test has an app, or a party, of its own. Events are a second apart, from an hour ago on.
export const begin = Date.now() - HOUR
type Said = Parameters<typeof documentAt>[1]
export async function stored(
  name: string,
  count: number,
  said: (index: number) => Said = () => ({}),
) {
  const documents = Array.from({ length: count }, (_, index) =>
    documentAt(begin + index * 1000, { app: name, ...said(index) }),
  )
  await store(stores, documents.toReversed())
  return documents
}
