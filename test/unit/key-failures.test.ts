import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuth } from '../../shared/auth/auth.ts'
import { createKeyFailureReport } from '../../shared/auth/key-failures.ts'
import { createHealth } from '../../shared/telemetry/health.ts'
import { altinnClaims, forge, platformClaims } from '../support/forged-tokens.ts'
import { first, MINUTE, SECOND, start } from '../support/key-sets.ts'

const failure = { reason: 'status 503', isAbsent: false, since: 0 }

/** A report with a clock of its own; what it counts and writes. */
function startReport() {
  const clock = { now: 0 }
  const counted: string[] = []
  const written: string[] = []
  const report = createKeyFailureReport({
    count: (address, reason) => counted.push(`${address} ${reason}`),
    write: (line) => written.push(line),
    now: () => clock.now,
  })
  return { clock, counted, written, report }
}

test('every failure is counted, and logged once a minute for each address, without its query', () => {
  const { clock, counted, written, report } = startReport()
  for (; clock.now < 2 * MINUTE; clock.now += 10 * SECOND)
    for (const address of ['https://a.example/jwks?code=secret', 'https://b.example/jwks'])
      report(address, failure, true)
  assert.equal(counted.length, 24)
  assert.equal(written.length, 4)
  assert.equal(
    written[0],
    '{"what":"keys.failing","address":"https://a.example/jwks","reason":"status 503","since":"1970-01-01T00:00:00.000Z","hasKeys":true}',
  )
  assert.doesNotMatch([...counted, ...written].join(), /secret/)
})

test('issuers that do not exist are no failure, and share a line a minute', () => {
  const { counted, written, report } = startReport()
  for (let call = 0; call < 9; call++)
    report('https://a.example/{issuer}', { ...failure, isAbsent: true }, false)
  report('https://a.example/{issuer}', failure, false)
  assert.equal(counted.length, 1)
  assert.deepEqual(
    written.map((line) => JSON.parse(line).what),
    ['keys.unknown_issuer', 'keys.failing'],
  )
})

test('the state of keys is told by address: those of issuers without keys under the one with {issuer}', async (t) => {
  const { server, stop } = await start(t, first)
  server.serve('altinn', first)
  const template = `${server.url}/{issuer}/jwks`
  const reported: string[] = []
  const auth = createAuth(
    {
      openIdConfigurationUrl: `${server.url}/openid?code=secret`,
      platform: { jwksUrl: template, issuers: undefined },
    },
    (address, { reason }) => reported.push(`${address} ${reason}`),
  )
  server.answer('/openid?code=secret', { jwks_uri: `${server.url}/altinn/jwks` })
  const states = () =>
    auth.keyStates().map(({ address, status, hasKeys }) => [address, status, hasKeys])
  const openId = `${server.url}/openid`
  assert.deepEqual(states(), [
    [openId, 'well', false],
    [template, 'well', false],
  ])
  const altinn = forge(first, altinnClaims())
  await auth.requireCaller({
    method: 'GET',
    headers: new Headers({ authorization: `Bearer ${altinn}` }),
  })
  const publisher = async (iss: string) =>
    auth.requirePublisher(
      new Headers({ platformaccesstoken: forge(first, platformClaims({ iss })) }),
    )
  await publisher('ttd')
  await assert.rejects(publisher('nobody'), { status: 403 })
  assert.deepEqual(states(), [
    [openId, 'well', true],
    [template, 'well', false],
  ])
  assert.deepEqual(reported, [`${template} status 404`])
  await stop()
  await assert.rejects(publisher('digdir'), { status: 503 })
  const [, [address, status] = []] = states()
  assert.equal(address, template)
  assert.match(String(status), /^failing since \d{4}-.*Z: no connection: \w+$/)
})

test('an issuer that the operator lists must have keys: 404 is a failure', async (t) => {
  const { server } = await start(t)
  const publisher = (issuers: string[] | undefined) =>
    createAuth({
      openIdConfigurationUrl: `${server.url}/openid`,
      platform: { jwksUrl: `${server.url}/absent/{issuer}`, issuers },
    }).requirePublisher(new Headers({ platformaccesstoken: forge(first, platformClaims()) }))
  await assert.rejects(publisher(['ttd']), { status: 503 })
  await assert.rejects(publisher(undefined), { status: 403 })
})

const parts = {
  heartbeats: { beat: async () => {}, ageSeconds: async () => 0 },
  inboundQueue: { probeAll: async () => {} },
}
const failing = 'failing since 2026-01-01T00:00:00.000Z: status 503'
const states: [what: string, altinn: [status: string, hasKeys: boolean], isWell: boolean][] = [
  ['nothing has been asked for', ['well', false], true],
  ['keys are fresh', ['well', true], true],
  ['keys cannot be fetched and known ones serve', [failing, true], true],
  ['keys cannot be fetched and none are known', [failing, false], false],
]
for (const [what, [status, hasKeys], isWell] of states)
  test(`health is ${isWell ? '200' : '503'} where ${what}`, async () => {
    const altinn = { address: 'https://altinn.example', status, hasKeys }
    const platform = { address: 'https://platform.example', status: failing, hasKeys: false }
    const health = await createHealth({ ...parts, keyStates: () => [altinn, platform] })()
    assert.equal(health.isWell, isWell)
    assert.deepEqual(health.keys, { [altinn.address]: status, [platform.address]: failing })
  })

test('health tells how other services answer, and is 200 whatever they do', async () => {
  const altinn = { address: 'https://altinn.example', status: 'well', hasKeys: true }
  const services = {
    policyDecisionPoint: { status: () => failing },
    register: { status: () => 'well' },
  }
  const health = await createHealth({ ...parts, keyStates: () => [altinn], services })()
  assert.equal(health.isWell, true)
  assert.deepEqual(health.services, { policyDecisionPoint: failing, register: 'well' })
})
