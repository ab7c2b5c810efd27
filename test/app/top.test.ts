// npm run top.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startReceiver } from '../../local/receiver.ts'
import { startApp } from '../support/app.ts'
import { root, usePrograms } from '../support/local-program.ts'
import { createTestStores, eventually, setting } from '../support/stores.ts'
import { callerClaims, createSubscriptionsClient, mintToken } from '../support/subscriber.ts'

const startProgram = usePrograms()

const hostile = '\u001B[2J\u202Eevil\u0007'

test('top prints the caller’s subscriptions with their state, once where there is no terminal', async (t) => {
  const [stores, receiver] = await Promise.all([createTestStores(), startReceiver()])
  const app = await startApp(stores)
  t.after(() => Promise.all([app.stop(), receiver.stop()]))
  receiver.behave({ status: 500, validationToo: true }, '/refuses')
  const token = await mintToken(callerClaims.ttd)
  const client = createSubscriptionsClient(app, token)
  const resourceFilter = 'urn:altinn:resource:app_ttd_apps-test'
  const endPoint = `${receiver.url}/well`
  const well = await client.subscribed({ endPoint, resourceFilter, typeFilter: hostile })
  const all = await client.subscribed({ endPoint: `${receiver.url}/all`, resourceFilter })
  await app.publish()
  await eventually('delivered', async () => (await client.read(all.id)).latest !== undefined)
  const refuses = await client.subscribe({ endPoint: `${receiver.url}/refuses`, resourceFilter })

  const port = { PORT: new URL(app.api).port, ISSUER_PORT: new URL(setting('TEST_ISSUER')).port }
  const local = startProgram('top', port)
  assert.equal(await local.ended, 0, local.output())
  const [title = '', first = '', second = '', third = '', ...others] = local
    .output()
    .trimEnd()
    .split('\n')
  assert.match(title, /^ *Id {2}State +Waiting +Dead +Sent\/min +Last answer +Endpoint +Filter$/)
  assert.match(
    first,
    new RegExp(`^ *${refuses.id}  (being|not) validated`),
    'what is not well is first',
  )
  assert.match(second, new RegExp(`^ *${well.id}  well +0 .*${endPoint}`))
  assert.ok(second.includes(String.raw`\u{1b}[2J\u{202e}evil`), second)
  assert.match(
    third,
    new RegExp(`^ *${all.id}  well +0 +0 +0\\.2 +delivered \\d+ s ago +${receiver.url}/all`),
  )
  assert.deepEqual(others, [`Accepted/min 0.2  ${resourceFilter}`])
  assert.doesNotMatch(local.output(), /\p{Cf}|[^\P{Cc}\n]/u)

  const remote = startProgram('top', {}, root, ['--once', '--url', `${app.api}/`, '--token', token])
  assert.equal(await remote.ended, 0, remote.output())
  assert.match(remote.output(), new RegExp(`^ *${well.id}  well`, 'm'))
  const wrong = startProgram('top', {}, root, ['--url', app.api, '--token', `${token}x`])
  assert.equal(await wrong.ended, 1)
  assert.match(wrong.output(), /^The token is refused, give another by --token: 401: .*\n$/)
})

const token = 'a.b.c'
const nobody = 'http://127.0.0.1:1/events/api/v1'
for (const [args, says] of [
  [['--url', 'ftp://a'], /^--url must be the address of the API/],
  [['--url', nobody], /^--url needs --token/],
  [['--token', `Bearer ${token}`], /^--token must be an Altinn token/],
  [['--url', nobody, '--token', token], /^Nothing answers at .*--url or PORT\.\n$/],
  [['--port', '1'], /--port/],
] as const)
  test(`top names the option that is wrong: ${args.join(' ')}`, async () => {
    const { ended, output } = startProgram('top', {}, root, [...args])
    assert.equal(await ended, 1)
    assert.match(output(), says)
  })

test('top names the variable of the issuer when no local stack runs', async () => {
  const { ended, output } = startProgram('top', { ISSUER_PORT: '1' })
  assert.equal(await ended, 1)
  assert.match(output(), /^No token issuer at http:\/\/127\.0\.0\.1:1: run npm start.*ISSUER_PORT/)
})
