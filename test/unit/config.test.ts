import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { settingNames } from '../../shared/config.ts'
import {
  COSMOS,
  enough,
  faultOf,
  JWKS,
  OPENID,
  read,
  STORAGE,
  type Changes,
} from './config-fixture.ts'

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
    readWatermarkSeconds: 30,
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

test('rejects a read watermark that is too young, with the minimum and the reason', () => {
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
