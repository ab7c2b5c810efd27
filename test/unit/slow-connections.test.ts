// What the app calls by fetch and the SDKs may have several addresses, of which the first is slow to accept a connection.
import assert from 'node:assert/strict'
import dns from 'node:dns'
import { test, type TestContext } from 'node:test'
import { readConfig } from '../../shared/config.ts'
import { createServices } from '../../shared/services.ts'
import { closedServer, REFUSES, SECOND_SYN_MS, SLOW } from '../support/closed-server.ts'
import { altinnClaims, forge, newKey } from '../support/forged-tokens.ts'
import { startKeyServer } from '../support/key-server.ts'

type Done = (error: null, addresses: { address: string; family: number }[]) => void

/** Gives every name a slow address and one that refuses; `open` runs when the first has been asked and has not answered. */
function slowNames(t: TestContext, open: () => void): void {
  const { lookup } = dns
  t.after(() => Reflect.set(dns, 'lookup', lookup))
  Reflect.set(dns, 'lookup', (_name: string, _options: object, done: Done) => {
    done(
      null,
      [SLOW, REFUSES].map((address) => ({ address, family: 4 })),
    )
    open()
  })
}

/** Services whose key server and queues are at a slow name, where a server gives this answer. */
async function slowServices(t: TestContext, answer: string) {
  const { port, open } = await closedServer(t, { answer })
  slowNames(t, open)
  const url = `http://slow.test:${port}`
  const config = readConfig({
    Cosmos: `AccountEndpoint=${url}/;AccountKey=S3CRET==;`,
    QueueStorage: `DefaultEndpointsProtocol=http;AccountName=events;AccountKey=S3CRET==;QueueEndpoint=${url}/events;`,
    ALTINN_OPENID_CONFIGURATION_URL: `${url}/openid`,
    PLATFORM_TOKEN_JWKS_URL: `${url}/{issuer}/jwks`,
  })
  return createServices(config)
}

/** Asserts that a call succeeds, and that its connection was slow. */
async function assertSlow(call: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await call()
  const ms = performance.now() - began
  assert.ok(ms >= SECOND_SYN_MS - 50, `${ms} ms: it was not slow`)
}

test('keys are fetched from an address that is slow to accept, where the next one refuses', async (t) => {
  const [server, key] = await Promise.all([startKeyServer(), newKey('KEY')])
  t.after(server.stop)
  server.serve('altinn', key)
  const { auth } = await slowServices(t, JSON.stringify({ jwks_uri: `${server.url}/altinn/jwks` }))
  const headers = new Headers({ authorization: `Bearer ${forge(key, altinnClaims())}` })
  await assertSlow(() => auth.requireCaller({ method: 'GET', headers }))
})

test('an SDK connects to an address that is slow to accept, where the next one refuses', async (t) => {
  const { inboundQueue } = await slowServices(t, '')
  await assertSlow(() => inboundQueue.probe(5000))
})
