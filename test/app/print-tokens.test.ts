// npm run token and npm run show.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import jwt from 'jsonwebtoken'
import { test } from 'node:test'
import { root, usePrograms } from '../support/local-program.ts'

const startProgram = usePrograms()

for (const args of [[], ['--app', 'a'], ['--org', 'ttd', '--person', '1'], ['--scope', 'x']])
  test(`token reports what it needs: ${args.join(' ')}`, async () => {
    const { ended, output } = startProgram('print-tokens', {}, root, args)
    assert.equal(await ended, 1)
    assert.match(output(), /npm run token -- --org ttd --app apps-test/)
  })

test('token prints an Altinn token of every kind of caller, with a scope', async () => {
  const issuer = String(process.env['TEST_ISSUER'])
  const claimsOf = async (...args: string[]) => {
    const ports = { ISSUER_PORT: new URL(issuer).port }
    const { ended, output } = startProgram('print-tokens', ports, root, args)
    assert.equal(await ended, 0, output())
    const [, token] = /^Authorization: Bearer (\S+)\n$/.exec(output()) ?? []
    return Object(jwt.decode(token ?? ''))
  }
  const scope = 'altinn:events.publish'
  const skd = await claimsOf('--org', 'skd', '--scope', scope)
  assert.deepEqual([skd['urn:altinn:org'], skd.scope], ['skd', scope])
  const person = await claimsOf('--person', '01017512345', '--scope', scope)
  assert.deepEqual([person.pid, person.scope], ['01017512345', scope])
  assert.equal((await claimsOf('--unit', '991825827'))['urn:altinn:orgNumber'], '991825827')
  const [system] = (await claimsOf('--system-user', '991825827')).authorization_details
  assert.equal(system.systemuser_org.ID, '0192:991825827')
})

test('show and token explain what to do when no stack runs at their ports', async () => {
  const nobody = createServer().listen(0, '127.0.0.1')
  await once(nobody, 'listening')
  const port = String(Object(nobody.address()).port)
  nobody.close()
  await once(nobody, 'close')
  const show = startProgram('show', { COSMOS_PORT: port })
  assert.equal(await show.ended, 1)
  assert.match(
    show.output(),
    new RegExp(`^[^\\n]*${port}[^\\n]*npm start[^\\n]*COSMOS_PORT[^\\n]*\\n$`),
  )
  const token = startProgram('print-tokens', { ISSUER_PORT: port }, root, [
    '--org',
    'ttd',
    '--app',
    'a',
  ])
  assert.equal(await token.ended, 1)
  assert.match(
    token.output(),
    new RegExp(`^[^\\n]*${port}[^\\n]*npm start[^\\n]*ISSUER_PORT[^\\n]*\\n$`),
  )
})
