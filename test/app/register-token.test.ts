// The register is asked with a token of the app's own: Maskinporten's, exchanged at the register's platform.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import jwt from 'jsonwebtoken'
import { callers } from '../../local/tokens.ts'
import { startApp } from '../support/app.ts'
import { createReader } from '../support/reader.ts'
import { mintToken, type App } from '../support/subscriber.ts'
import { createTestStores, deployedUrl } from '../support/stores.ts'

const skip = deployedUrl !== undefined && 'it needs settings of its own'
const NUMBER = '991825827'
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const granted = jwt.sign({}, privateKey, { algorithm: 'RS256', expiresIn: 600 })
const exchanged = jwt.sign({ sub: 'altinn' }, privateKey, { algorithm: 'RS256', expiresIn: 600 })

const scopes: unknown[] = []
const asked: { path: string; headers: IncomingMessage['headers'] }[] = []
const answers: Record<string, (body: string) => string> = {
  '/token': (body) => {
    const { scope } = Object(
      jwt.verify(new URLSearchParams(body).get('assertion') ?? '', publicKey),
    )
    scopes.push(scope)
    return JSON.stringify({ access_token: granted })
  },
  '/authentication/api/v1/exchange/maskinporten': () => exchanged,
  '/register/api/v1/parties/lookup': () => JSON.stringify({ partyId: 50_000_001 }),
}
const platform = createServer((request, response) => {
  const path = request.url ?? ''
  asked.push({ path, headers: request.headers })
  void text(request).then((body) => response.end(answers[path]?.(body)))
})
let app: App
before(async () => {
  platform.listen(0, '127.0.0.1')
  await once(platform, 'listening')
  const url = `http://127.0.0.1:${Object(platform.address()).port}`

  app = await startApp(await createTestStores(), {
    functions: ['read-party-events'],
    settings: {
      ALTINN_REGISTER_URL: `${url}/register/api`,
      ALTINN_SUBSCRIPTION_KEY: 'the-key',
      MASKINPORTEN_TOKEN_URL: `${url}/token`,
      MASKINPORTEN_CLIENT_ID: 'client',
      MASKINPORTEN_KEY_ID: 'key',
      MASKINPORTEN_CLIENT_JWK: JSON.stringify(privateKey.export({ format: 'jwk' })),
    },
  })
})
after(() => {
  platform.close()
  return app.stop()
})

test(
  'the register is asked with a token of its scope and the subscription key',
  { skip },
  async () => {
    const reader = createReader(app, await mintToken(callers.organisation(NUMBER)))
    assert.deepEqual(await reader.pages(`party?after=1&unit=${NUMBER}`), [[]])
    assert.deepEqual(scopes, ['altinn:register/partylookup.admin'])
    const headersAt = (path: string) =>
      asked.find((each) => each.path.endsWith(path))?.headers ?? {}
    assert.equal(headersAt('/maskinporten')['authorization'], `Bearer ${granted}`)
    const lookup = headersAt('/lookup')
    assert.equal(lookup['authorization'], `Bearer ${exchanged}`)
    assert.equal(lookup['ocp-apim-subscription-key'], 'the-key')
  },
)
