import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { faultOf, read } from './config-fixture.ts'

test('the register has an https address, and a subscription key of visible characters', () => {
  const url = (given: string) => read({ ALTINN_REGISTER_URL: given }).register?.url
  assert.equal(url(''), undefined)
  const api = 'https://platform.altinn.no/register/api'
  for (const given of [api, `${api}/`, `${api}//`]) assert.equal(url(given), `${api}/`)
  for (const host of ['127.0.0.1:7075', 'localhost', '[::1]:1'])
    assert.equal(url(`http://${host}/a`), `http://${host}/a/`)
  const wrong = ['x', 'http://platform.altinn.no/', `${api}?x=1`, `${api}#x`, 'ftp://127.0.0.1/']
  wrong.push('https://user@platform.altinn.no/', 'http://127.0.0.1.nip.io/')
  for (const given of wrong)
    assert.match(
      faultOf({ ALTINN_REGISTER_URL: given }),
      /^Wrong settings: ALTINN_REGISTER_URL is wrong: it must be an https URL/,
      given,
    )
  const key = (given: string) =>
    read({ ALTINN_REGISTER_URL: api, ALTINN_SUBSCRIPTION_KEY: given }).register?.subscriptionKey
  assert.equal(key('a'.repeat(256)), 'a'.repeat(256))
  for (const given of ['S3CRET S3CRET', 'S3CRET\n', 'S3CRETæ', 'a'.repeat(257)]) {
    const fault = faultOf({ ALTINN_SUBSCRIPTION_KEY: given })
    assert.match(fault, /^Wrong settings: ALTINN_SUBSCRIPTION_KEY must be 1 to 256 visible/)
    assert.doesNotMatch(fault, /S3CRET/)
  }
})

test('grants are a list, and a wrong entry is named', () => {
  const grant = { resource: 'urn:altinn:resource:app_ttd_*', action: 'read', who: '/org/skd' }
  const wrong = (...grants: object[]) => faultOf({ ACCESS_GRANTS: JSON.stringify(grants) })
  assert.deepEqual(read({ ACCESS_GRANTS: JSON.stringify([grant]) }).access, { grants: [grant] })
  for (const list of ['x', '{}', '"*"', JSON.stringify(grant)])
    assert.match(faultOf({ ACCESS_GRANTS: list }), /^Wrong settings: ACCESS_GRANTS .*JSON list/)
  const faults: [changes: object, fault: RegExp][] = [
    [{ action: 'write' }, /\[1\]\.action" must be one of \[publish, subscribe, read\]/],
    [{ who: 'skd' }, /\[1\]\.who" must be a consumer, such as \/org\/skd, or \*/],
    [{ who: '/org/*' }, /\[1\]\.who"/],
    [{ who: undefined }, /\[1\]\.who" is required/],
    [{ resource: '*' }, /\[1\]\.resource" must be a urn in lower case/],
    [{ resource: 'urn:altinn:*:app' }, /\[1\]\.resource"/],
    [{ resource: 'urn:Altinn:x' }, /\[1\]\.resource"/],
    [{ subject: '/party/1' }, /\[1\]\.subject" is not allowed/],
  ]
  for (const [changes, fault] of faults) assert.match(wrong(grant, { ...grant, ...changes }), fault)
})

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const policy = {
  ALTINN_AUTHORIZATION_URL: 'https://platform.altinn.no/',
  ALTINN_SUBSCRIPTION_KEY: 'S3CRET',
  MASKINPORTEN_TOKEN_URL: 'https://maskinporten.no/token',
  MASKINPORTEN_CLIENT_ID: 'client',
  MASKINPORTEN_CLIENT_JWK: JSON.stringify(privateKey.export({ format: 'jwk' })),
  MASKINPORTEN_KEY_ID: 'key',
}

test('the policy decision point is named by six settings together', () => {
  const { access } = read(policy)
  assert.ok('policy' in access)
  const { privateKey: key, ...others } = access.policy
  assert.deepEqual(others, {
    platformUrl: 'https://platform.altinn.no',
    subscriptionKey: 'S3CRET',
    tokenUrl: 'https://maskinporten.no/token',
    clientId: 'client',
    keyId: 'key',
  })
  assert.ok(key.equals(privateKey))
  for (const name of Object.keys(policy).slice(1))
    assert.match(
      faultOf({ ...policy, [name]: undefined }),
      new RegExp(`^Wrong settings: .*can be given only with .*${name}`),
      name,
    )
})

for (const name of ['ALTINN_AUTHORIZATION_URL', 'MASKINPORTEN_TOKEN_URL'])
  test(`${name} is https: keys and tokens are sent there, and the answers decide`, () => {
    for (const given of ['https://a.no/x', 'http://127.0.0.1:7075', 'http://localhost/token'])
      assert.ok('policy' in read({ ...policy, [name]: given }).access, given)
    for (const given of ['http://platform.altinn.no', 'https://a.no/?x=1', 'https://u@a.no', 'x'])
      assert.match(
        faultOf({ ...policy, [name]: given }),
        new RegExp(`^Wrong settings: ${name} is wrong: it must be an https URL`),
        given,
      )
  })

test('the same client may ask the register: its token is of the register’s platform', () => {
  const { ALTINN_AUTHORIZATION_URL: _url, ...client } = policy
  const { access, register } = read({
    ...client,
    ALTINN_REGISTER_URL: 'https://platform.altinn.no/register/api',
  })
  assert.deepEqual(access, { grants: undefined })
  assert.equal(register?.client?.platformUrl, 'https://platform.altinn.no')
  assert.equal(register.client.subscriptionKey, 'S3CRET')
  for (const name of Object.keys(client))
    assert.match(faultOf({ ...client, [name]: undefined }), new RegExp(`only with .*${name}`), name)
})

test('grants and the policy decision point never decide together', () => {
  const fault = faultOf({ ...policy, ACCESS_GRANTS: '[]' })
  assert.equal(
    fault,
    'Wrong settings: only one of [ACCESS_GRANTS, ALTINN_AUTHORIZATION_URL] can be given: it decides who may do what',
  )
})

test('the client’s key is an RSA private key as a JWK; a wrong one is not shown', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const wrong = [
    'S3CRET',
    '{"kty":"RSA","d":"S3CRET"}',
    JSON.stringify(rsa.publicKey.export({ format: 'jwk' })),
    JSON.stringify(ec.privateKey.export({ format: 'jwk' })),
  ]
  for (const MASKINPORTEN_CLIENT_JWK of wrong) {
    const fault = faultOf({ ...policy, MASKINPORTEN_CLIENT_JWK })
    assert.equal(
      fault,
      'Wrong settings: MASKINPORTEN_CLIENT_JWK is wrong: it must be a JWK with an RSA private key',
    )
  }
  const key = faultOf({ ...policy, ALTINN_SUBSCRIPTION_KEY: 'S3CRET\nx: y' })
  assert.equal(
    key,
    'Wrong settings: ALTINN_SUBSCRIPTION_KEY must be 1 to 256 visible ASCII characters',
  )
})
