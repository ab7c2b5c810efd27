import { startFaultProxy, type FaultProxy } from '../../local/fault-proxy.ts'
import { startApp } from '../support/app.ts'
import { createReader } from '../support/reader.ts'
import { documentAt, store } from '../support/stored-events.ts'
import { callerClaims, mintToken, type App } from '../support/subscriber.ts'
import { createTestStores, type TestStores } from '../support/stores.ts'
import { share } from '../support/share.ts'

// An app that reads events, from a store whose faults can be planned.
export const HOUR = 3_600_000
export let stores: TestStores
export let cosmos: FaultProxy
export let app: App
export let ttd: ReturnType<typeof createReader>
export let user: ReturnType<typeof createReader>
export let person: ReturnType<typeof createReader>

/** To be called by each file that reads, as it is loaded; what it returns is for its `before`. */
export const useReadingApp = share(async () => {
  stores = await createTestStores()
  cosmos = await startFaultProxy(stores.settings.Cosmos)
  app = await startApp(stores, {
    functions: ['read-app-events', 'read-party-events', 'read-generic-events'],
    settings: {
      READ_HOLDBACK_SECONDS: '15',
      Cosmos: cosmos.connection,
      ACCESS_GRANTS: '[{"resource":"urn:altinn:resource:skd-*","action":"read","who":"/org/skd"}]',
    },
  })
  ttd = createReader(app, await mintToken(callerClaims.ttd))
  const someone = await mintToken({
    ...callerClaims.user,
    'urn:altinn:partyid': 71,
    pid: '03017512345',
  })
  user = createReader(app, someone)
  person = createReader(app, someone, '03017512345')
  return { stop: () => Promise.all([app.stop(), cosmos.stop()]) }
})

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
