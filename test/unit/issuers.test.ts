import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIssuerKeySets } from '../../shared/auth/issuers.ts'
import { first, start, assertKeys } from '../support/key-sets.ts'

test('made-up issuers do not evict real ones', async (t) => {
  const { server, stop } = await start(t, first)
  const issuers = createIssuerKeySets({
    jwksUrl: `${server.url}/{issuer}/jwks`,
    issuers: undefined,
  })
  const find = async (iss: string) => (await issuers.keySetFor({ iss })?.find(undefined)) ?? []
  for (let name = 0; name < 100; name++) assertKeys(await find(`early-${name}`))
  assertKeys(await find('ttd'), first)
  for (let name = 0; name < 250; name++) assertKeys(await find(`late-${name}`))
  await stop()
  assertKeys(await find('ttd'), first)
  assert.equal(server.requestedPaths.filter((path) => path === '/ttd/jwks').length, 1)
})

test('keeps at most 100 issuers: the first made-up one is fetched again', async (t) => {
  const { server } = await start(t)
  const issuers = createIssuerKeySets({
    jwksUrl: `${server.url}/{issuer}/jwks`,
    issuers: undefined,
  })
  const kept = issuers.keySetFor({ iss: 'name-0' })
  for (let name = 1; name < 100; name++) issuers.keySetFor({ iss: `name-${name}` })
  assert.equal(issuers.keySetFor({ iss: 'name-0' }), kept)
  issuers.keySetFor({ iss: 'name-100' })
  assert.notEqual(issuers.keySetFor({ iss: 'name-0' }), kept)
})
