// How the local host (local/host) starts, refuses to start, and stops.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHost as startHere } from '../../local/host/host.ts'
import { readHostSettings } from '../../local/host/settings.ts'
import { createWorker } from '../../local/host/worker.ts'
import { makeApp, startHost, type Teardown } from './fixture/host-process.ts'
import { eventually } from '../support/stores.ts'

test('rejects unsupported registrations by name', async (t) => {
  const expected = [
    /^function "Twin" is registered twice$/,
    /^"9-bad-name" is no function's name$/,
    /^"host" is no function's name$/,
    /^function "blobs": the local host has no blobTrigger$/,
    /^function "sender": the local host has no queue$/,
    /^function "returner": the local host has no queue$/,
    /^function "again": the local host has no retry policy$/,
    /^function "early": the local host has no runOnStartup$/,
    /^the local host has no hook "preInvocation"$/,
  ]
  const message = await faultOf(t, 'registered')
  const lines = message.split('\n')
  for (const [index, pattern] of expected.entries()) assert.match(lines[index] ?? '', pattern)
  assert.equal(lines.length, expected.length)
})

test('rejects an app that wants HTTP streaming', async (t) => {
  assert.equal(
    await faultOf(t, 'stream'),
    'the local host has no HTTP streaming (enableHttpStream)',
  )
})

test('rejects an app that registers nothing', async () => {
  await assert.rejects(createWorker().start('.'), /^Error: the app registers no function$/)
})

/** What a host says that does not start. */
async function faultOf(t: Teardown, fault: string): Promise<string> {
  const settings = { HOST_TEST_FAULT: fault }
  const error: unknown = await startHost(t, 'faults.cjs', { settings }).catch((reason) => reason)
  return error instanceof Error ? error.message : 'it started'
}

test('rejects an invalid host.json, naming the fault', (t) => {
  const read = (host: object | string) => () => readHostSettings(makeApp(t, 'http.cjs', host))
  const queues = (settings: object) => read({ extensions: { queues: settings } })
  assert.throws(read('{'), /host\.json: .*JSON/)
  for (const [name, value] of [
    ['batchSize', '33'],
    ['batchSize', '1.5'],
    ['maxDequeueCount', '0'],
    ['newBatchThreshold', '-1'],
    ['visibilityTimeout', '30'],
    ['maxPollingInterval', '1.00:00:00'],
    ['messageEncoding', 'none'],
  ] as const)
    assert.throws(queues({ [name]: value }), new RegExp(`host\\.json.*: ${name} is "${value}"$`))
  assert.throws(queues({ batchsize: 4 }), /host\.json: unknown here: batchsize$/)
})

test('settings have the host’s defaults; the environment overrides host.json', (t) => {
  const defaults = {
    routePrefix: 'api',
    batchSize: 16,
    newBatchThreshold: 8,
    maxDequeueCount: 5,
    maxPollingInterval: 2000,
    visibilityTimeout: 0,
  }
  assert.deepEqual(readHostSettings(makeApp(t, 'http.cjs')), defaults)
  const given = {
    http: { routePrefix: '' },
    queues: { batchSize: 4, visibilityTimeout: '01:00:30' },
  }
  const folder = makeApp(t, 'http.cjs', { extensions: given })
  const name = 'AzureFunctionsJobHost__extensions__queues__'
  const overrides = { [`${name}maxPollingInterval`]: '00:00:00.100', [`${name}batchSize`]: '2' }
  Object.assign(process.env, overrides)
  t.after(() => Object.keys(overrides).forEach((each) => delete process.env[each]))
  const own = { routePrefix: '', batchSize: 2, newBatchThreshold: 1, maxPollingInterval: 100 }
  assert.deepEqual(readHostSettings(folder), { ...defaults, ...own, visibilityTimeout: 3_630_000 })
})

test('runs only the selected functions; stop waits for open requests, then runs the appTerminate hooks', async (t) => {
  const args = ['--functions', 'plain,slow']
  const { url, lines, stop, exitCode } = await startHost(t, 'http.cjs', { args })
  assert.equal((await fetch(`${url}/api/plain`)).status, 200)
  assert.equal((await fetch(`${url}/api/things/x`)).status, 404)

  const answer = fetch(`${url}/api/slow?ms=700`)
  await eventually('its start', () => lines.some((line) => line.endsWith('begun')))
  stop()
  assert.equal(await (await answer).text(), 'slow 1')
  assert.equal(await exitCode, 0)
  assert.equal(lines.at(-1), 'terminated, with started') // the data of the appStart hook
})

test('stop has a time limit', async (t) => {
  const lines: string[] = []
  t.mock.method(console, 'log', (line: string) => lines.push(line))
  const host = await startHere({ folder: makeApp(t, 'http.cjs'), port: 0, stopSeconds: 0.1 })
  const answer = fetch(`${host.url}/api/slow?ms=50000`).catch(() => 'cut off')
  await eventually('its start', () => lines.some((line) => line.endsWith('begun')))
  await host.stop()
  assert.equal(await answer, 'cut off')
})
