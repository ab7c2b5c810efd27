import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { readConfig, settingNames } from '../../shared/config.ts'

const COSMOS = 'AccountEndpoint=https://events.documents.azure.com:443/;AccountKey=S3CRET==;'
const STORAGE = 'DefaultEndpointsProtocol=https;AccountName=events;AccountKey=S3CRET=='
const OPENID =
  'https://platform.altinn.no/authentication/api/v1/openid/.well-known/openid-configuration'
const JWKS = 'https://keys.example.no/{issuer}/jwks'
const enough = {
  Cosmos: COSMOS,
  QueueStorage: STORAGE,
  ALTINN_OPENID_CONFIGURATION_URL: OPENID,
  PLATFORM_TOKEN_JWKS_URL: JWKS,
}
type Changes = Record<string, string | undefined>

const read = (changes: Changes = {}) => readConfig({ ...enough, ...changes })

/** What the error says with these settings changed; undefined leaves one out. */
function faultOf(changes: Changes): string {
  try {
    read(changes)
  } catch (error) {
    assert.ok(error instanceof Error)
    return error.message
  }
  throw new assert.AssertionError({ message: `accepted: ${JSON.stringify(changes)}` })
}

const pem = readFileSync(
  path.join(import.meta.dirname, '../support/certificates/current.certificate.pem'),
  'utf8',
)
const base64 = pem.replaceAll(/-----.*?-----|\s/g, '')
const certificates = (value: unknown) => ({
  PLATFORM_TOKEN_JWKS_URL: undefined,
  PLATFORM_TOKEN_CERTIFICATES: typeof value === 'string' ? value : JSON.stringify(value),
})

test('four settings are enough; the rest has defaults', () => {
  const { delivery, ...others } = read()
  assert.deepEqual(others, {
    cosmos: { connectionString: COSMOS, database: 'events' },
    queues: { connectionString: STORAGE },
    auth: { openIdConfigurationUrl: OPENID, platform: { jwksUrl: JWKS, issuers: undefined } },
    sourceHosts: undefined,
    access: { grants: undefined },
    register: undefined,
    telemetryEndpoint: undefined,
    eventMaxBytes: 1_048_576,
    inboundQueues: 1,
    repairAfterSeconds: 60,
    readHoldbackSeconds: 30,
  })
  const { retrySeconds, timeoutMs, retentionSeconds, allowedNetworks } = delivery
  const schedule = [10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 43_200, 43_200]
  assert.deepEqual(retrySeconds, schedule)
  assert.equal(timeoutMs, 15_000)
  assert.equal(retentionSeconds, 7 * 86_400)
  assert.equal(allowedNetworks.check('127.0.0.1'), false)
})

test('allowed networks contain their addresses and no others', () => {
  const { allowedNetworks } = read({ WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8, ::1/128' }).delivery
  const addresses: [string, 'ipv4' | 'ipv6'][] = [
    ['127.9.9.9', 'ipv4'],
    ['::1', 'ipv6'],
    ['10.0.0.1', 'ipv4'],
    ['::2', 'ipv6'],
  ]
  const held = addresses.map(([address, family]) => allowedNetworks.check(address, family))
  assert.deepEqual(held, [true, true, false, false])
})

test('an empty text counts as absent', () => {
  const optional = Object.fromEntries(
    settingNames.filter((name) => !Object.keys(enough).includes(name)).map((name) => [name, '']),
  )
  assert.ok('EVENT_MAX_BYTES' in optional && 'SOURCE_HOSTS' in optional)
  assert.deepEqual(read(optional), read())
  assert.match(faultOf({ Cosmos: '' }), /one of \[Cosmos, Cosmos__accountEndpoint\] is required/)
  assert.match(faultOf({ ALTINN_OPENID_CONFIGURATION_URL: '' }), /is required/)
})

test("endpoints stand for the app's own identity, or for the one that clientId names", () => {
  const endpoint = 'https://events.documents.azure.com:443/'
  const uri = 'https://events.queue.core.windows.net'
  const config = read({
    Cosmos: undefined,
    Cosmos__accountEndpoint: endpoint,
    Cosmos__credential: 'managedidentity',
    Cosmos__clientId: 'abc',
    COSMOS_DATABASE: 'other',
    QueueStorage: undefined,
    QueueStorage__queueServiceUri: uri,
  })
  assert.deepEqual(config.cosmos, { endpoint, clientId: 'abc', database: 'other' })
  assert.deepEqual(config.queues, { endpoint: uri, clientId: undefined })
})

test('splits lists at commas, trimmed and in lower case', () => {
  const config = read({
    SOURCE_HOSTS: '*.Apps.altinn.no, localhost',
    PLATFORM_TOKEN_ISSUERS: 'TTD,skd',
  })
  assert.deepEqual(config.sourceHosts, ['*.apps.altinn.no', 'localhost'])
  assert.deepEqual(config.auth.platform.issuers, ['ttd', 'skd'])
})

test('accepts certificates in PEM or base64 DER, several per issuer', () => {
  const { platform } = read(certificates({ ttd: [pem, base64], skd: [base64] })).auth
  assert.ok('certificates' in platform)
  const found = [...platform.certificates].map(([issuer, list]) => [issuer, ...list.map(String)])
  assert.deepEqual(found, [
    ['ttd', pem, pem],
    ['skd', pem],
  ])
})

const good: [name: string, values: string[]][] = [
  ['EVENT_MAX_BYTES', ['1024', '1900000']],
  ['INBOUND_QUEUES', ['1', '32']],
  ['REPAIR_AFTER_SECONDS', ['1', '3600']],
  ['READ_HOLDBACK_SECONDS', ['15', '3600']],
  ['COSMOS_DATABASE', ['x'.repeat(255)]],
  ['DELIVERY_TIMEOUT_SECONDS', ['1', '60']],
  ['DELIVERED_RETENTION_DAYS', ['1', '90']],
  ['DELIVERY_RETRY_SECONDS', ['0', '0,0', '10, 30', '604800']],
  ['WEBHOOK_ALLOWED_NETWORKS', ['127.0.0.0/8,::1/128']],
  [
    'QueueStorage',
    ['UseDevelopmentStorage=true', 'QueueEndpoint=https://x;SharedAccessSignature=s'],
  ],
  [
    'PLATFORM_TOKEN_JWKS_URL',
    ['http://127.0.0.1:7072/platform/{issuer}/jwks', 'https://a.no/jwks'],
  ],
]
const bad: [name: string, values: string[]][] = [
  [
    'EVENT_MAX_BYTES',
    ['0', '-1', '1023', '1900001', '1e9', '2048.5', 'NaN', 'Infinity', '1 MB', '0x800'],
  ],
  ['INBOUND_QUEUES', ['0', '-1', '33', '1.5', 'some']],
  ['REPAIR_AFTER_SECONDS', ['0', '-1', '3601', '1.5', 'a minute']],
  ['READ_HOLDBACK_SECONDS', ['0', '-1', '10', '14', '14.9', '15.5', '3601', 'a minute']],
  ['COSMOS_DATABASE', ['x'.repeat(256)]],
  ['DELIVERY_TIMEOUT_SECONDS', ['0', '-1', '61', 'x']],
  ['DELIVERED_RETENTION_DAYS', ['0', '-1', '91', '1.5', 'a week']],
  ['DELIVERY_RETRY_SECONDS', ['x', '-1', '604801', '10;30', '10,,30', '10,']],
  ['WEBHOOK_ALLOWED_NETWORKS', ['x', '127.0.0.1', '127.0.0.1/33', '10.0.0.0/8;::1/128']],
  ['Cosmos', ['x', 'AccountEndpoint=https://a.no', 'AccountKey=S3CRET']],
  ['QueueStorage', ['x', 'AccountName=events', 'AccountKey=S3CRET']],
  [
    'ALTINN_OPENID_CONFIGURATION_URL',
    ['x', '/openid', 'ftp://a.no', 'file:///etc/passwd', 'a.no/x'],
  ],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', ['x', '127.0.0.1:4318', 'grpc://127.0.0.1:4317']],
  [
    'PLATFORM_TOKEN_JWKS_URL',
    ['x', '/{issuer}', '{issuer}', 'ftp://a.no/{issuer}', 'file:///{issuer}'],
  ],
]
for (const [name, values] of good)
  test(`${name} can be ${values.map((value) => value.slice(0, 50)).join(' or ')}`, () => {
    for (const value of values) read({ [name]: value })
  })
for (const [name, values] of bad)
  for (const value of values)
    test(`${name} cannot be ${value.slice(0, 50)}, and the error begins with its name`, () => {
      assert.ok(faultOf({ [name]: value }).startsWith(`Wrong settings: ${name} `))
    })

test('rejects a holdback that is too short, with the minimum and the reason', () => {
  const fault = faultOf({ READ_HOLDBACK_SECONDS: '14' })
  assert.match(fault, /READ_HOLDBACK_SECONDS must be at least 15: .*readers would miss events/)
})

const noObjects = ['S3CRET', '{S3CRET', '"S3CRET"', '["S3CRET"]', '5', 'null', pem, base64]
const noLists = [[], 5, 'S3CRET', ['S3CRET'], [null], { S3CRET: 'S3CRET' }, [[pem]]]
const halves = [[pem, base64.slice(40)], pem.replace('M', '!'), base64.slice(0, -40)]
const badCertificates = [{}, ...noObjects, ...[...noLists, ...halves].map((ttd) => ({ ttd }))]
for (const value of badCertificates)
  test(`PLATFORM_TOKEN_CERTIFICATES cannot be ${JSON.stringify(value).slice(0, 40)}`, () => {
    const fault = faultOf(certificates(value))
    assert.ok(fault.startsWith('Wrong settings: PLATFORM_TOKEN_CERTIFICATES '))
    for (const secret of ['S3CRET', pem.slice(28, 40), base64.slice(40, 52), 'MII'])
      assert.ok(!fault.includes(secret), fault)
  })

const choices: [faults: RegExp, changes: Changes][] = [
  [/only one of \[Cosmos, Cosmos__accountEndpoint\]/, { Cosmos__accountEndpoint: 'https://a.no' }],
  [/one of \[Cosmos, Cosmos__accountEndpoint\] is required/, { Cosmos: undefined }],
  [/only one of \[QueueStorage, QueueStorage__/, { QueueStorage__queueServiceUri: 'https://a.no' }],
  [/one of \[QueueStorage, QueueStorage__queueServiceUri\] is r/, { QueueStorage: undefined }],
  [
    /only one of \[PLATFORM_TOKEN_JWKS_URL, /,
    { PLATFORM_TOKEN_CERTIFICATES: `{"ttd":["${base64}"]}` },
  ],
  [/one of \[PLATFORM_TOKEN_JWKS_URL, PLATFORM_/, { PLATFORM_TOKEN_JWKS_URL: undefined }],
]
for (const [fault, changes] of choices)
  test(`requires exactly one: ${fault.source.replaceAll('\\', '')}`, () => {
    const message = faultOf(changes)
    assert.match(message, fault)
    assert.ok(!message.includes('S3CRET'))
  })

test('one error names every invalid setting, and shows no secret', () => {
  const changes = Object.fromEntries(bad.map(([name]) => [name, 'S3CRET-'.repeat(50)]))
  const message = faultOf({ ...changes, WEBHOOK_ALLOWED_NETWORKS: 'x' })
  for (const [name] of bad) assert.ok(message.includes(`${name} `), name)
  assert.ok(!message.includes('S3CRET'))
})

test('an invalid setting stops the start of the app with one line that names it', async () => {
  const file = path.join(import.meta.dirname, '../../local/start-host.ts')
  const { PATH, HOME } = process.env
  const wrong = { EVENT_MAX_BYTES: '1', Cosmos: 'S3CRET', PORT: '0' }
  const empty = Object.fromEntries(settingNames.map((name) => [name, ''])) // not those of a developer's file
  const app = spawn(process.execPath, [file], {
    env: { PATH, HOME, ...empty, ...enough, ...wrong },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = once(app, 'exit')
  const [out, err] = await Promise.all([text(app.stdout), text(app.stderr)])
  assert.deepEqual(await exit, [1, null])
  assert.match(err, /^Wrong settings: Cosmos is [^;\n]+; EVENT_MAX_BYTES must be [^;\n]+\n$/)
  assert.doesNotMatch(out + err, /S3CRET|listens/)
})

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
