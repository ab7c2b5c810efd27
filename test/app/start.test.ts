import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import jwt from 'jsonwebtoken'
import { after, test } from 'node:test'
import { bareEnvironment } from '../support/environment.ts'
import { eventually } from '../support/stores.ts'

const root = path.join(import.meta.dirname, '../..')
const portNames = ['PORT', 'ISSUER_PORT', 'DOCS_PORT', 'COSMOS_PORT', 'QUEUE_PORT', 'BLOB_PORT']
const freePorts = Object.fromEntries(portNames.map((name) => [name, '0']))

const started: ChildProcess[] = []
after(() => started.forEach((child) => child.kill('SIGKILL'))) // whatever a failed test has left

/** Runs a program of the local stack as npm does, without the build that `npm test` has done. */
function start(program: string, env: Record<string, string> = {}, cwd = root, args: string[] = []) {
  const child = spawn(process.execPath, [`local/${program}.ts`, ...args], {
    cwd,
    env: { ...bareEnvironment(), ...freePorts, ...env },
  })
  started.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const ended = once(child, 'exit').then(([code]): unknown => code)
  return { child, ended, output: () => output }
}

/** The processes that a process has started, from /proc. */
async function childrenOf(pid: number | undefined): Promise<string[]> {
  const ps = spawn('ps', ['-o', 'pid=', '--ppid', String(pid)])
  return (await text(ps.stdout)).trim().split(/\s+/).filter(Boolean)
}

test('npm start: the printed curl and the page work, and SIGTERM leaves no process behind', async () => {
  const { child, ended, output } = start('start')
  await eventually('ready', () => output().includes('Ctrl-C'), 30) // 4 s, but other tests run at the same time
  const children = await childrenOf(child.pid)
  assert.equal(children.length, 2)

  const [curl = ''] = /^curl [\s\S]*?'$/m.exec(output().replaceAll(/\\\n/g, '')) ?? []
  const shell = spawn('bash', ['-c', curl])
  assert.match(await text(shell.stdout), /^HTTP\/1\.1 201 [\s\S]*"[0-9a-f-]{36}"$/)

  const [, docs = ''] = /^ +Try it +(\S+)/m.exec(output()) ?? []
  assert.match(await (await fetch(docs)).text(), /^<!doctype html>/)
  assert.equal((await fetch(`${docs}/events/api/v1/openapi.json`)).status, 200)

  for (const name of ['show', 'token'] as const) await runPrinted(name, output())

  child.kill('SIGTERM')
  assert.equal(await ended, 0)
  for (const pid of children) assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' })
})

const printed = {
  show: { program: 'show', says: /Messages in queues: \{[^}]*'events-inbound': \d/ },
  token: {
    program: 'print-tokens',
    says: /^Authorization: Bearer \S+\nPlatformAccessToken: \S+\n$/,
  },
}

/** Runs a command that `npm start` has printed, with the variables before it: they say which ports to look at. */
async function runPrinted(name: 'show' | 'token', greeting: string): Promise<void> {
  const [, variables = '', words = ''] =
    new RegExp(`^((?:\\w+=\\d+ )+)npm run ${name}(?: -- (.*?)(?: prints .*)?)?$`, 'm').exec(
      greeting,
    ) ?? []
  const ports = [...variables.matchAll(/(\w+)=(\d+)/g)].map(([, key = '', port = '']) => [
    key,
    port,
  ])
  const args = words.split(' ').filter(Boolean)
  const { ended, output } = start(printed[name].program, Object.fromEntries(ports), root, args)
  assert.equal(await ended, 0, output())
  assert.match(output(), printed[name].says)
}

const others = {
  ALTINN_OPENID_CONFIGURATION_URL: 'http://127.0.0.1:9/openid-configuration',
  PLATFORM_TOKEN_JWKS_URL: 'http://127.0.0.1:9/{issuer}/jwks',
}

test('npm start: starts with a foreign token issuer, and says what is missing', async () => {
  const { child, ended, output } = start('start', others)
  await eventually('ready', () => output().includes('Ctrl-C'), 30)
  assert.match(
    output(),
    /ALTINN_OPENID_CONFIGURATION_URL and PLATFORM_TOKEN_JWKS_URL: .*another token issuer/,
  )
  assert.match(output(), /Left out: the subscriber, the curl command, and the tokens on the page/)
  assert.doesNotMatch(output(), /curl -i|npm run token/)

  const [, app = ''] = /POST (\S+)\/subscriptions$/m.exec(output()) ?? []
  assert.equal((await fetch(`${app}/subscriptions`)).status, 401)
  const [, docs = ''] = /^ +Try it +(\S+)/m.exec(output()) ?? []
  const page = await (await fetch(docs)).text()
  assert.match(page, /^<!doctype html>/)
  assert.doesNotMatch(page, /eyJ/, 'no token')
  child.kill('SIGTERM')
  assert.equal(await ended, 0)
})

test('npm start: its emulators end when it is killed', async () => {
  const { child, output } = start('start')
  await eventually('ready', () => output().includes('Ctrl-C'), 30)
  const children = await childrenOf(child.pid)
  child.kill('SIGKILL')
  await eventually('gone', () => children.every((pid) => !isAlive(Number(pid))), 5)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('reports a port in use in one line, with exit 1', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await once(taken, 'listening')
  const port = String(Object(taken.address()).port)
  const refused = portNames.map(async (name) => {
    const { ended, output } = start('start', { [name]: port })
    assert.equal(await ended, 1)
    assert.match(
      output(),
      new RegExp(`^[^\\n]*${port}[^\\n]*${name}[^\\n]*\\n$`),
      `${name}: ${output()}`,
    )
  })
  await Promise.all(refused)
})

test('reports an invalid setting in one line, with exit 1', async () => {
  for (const program of ['start', 'start-host']) {
    const { ended, output } = start(program, { EVENT_MAX_BYTES: 'much', REPAIR_AFTER_SECONDS: '0' })
    assert.equal(await ended, 1)
    assert.match(output(), /^[^\n]*EVENT_MAX_BYTES[^\n]*REPAIR_AFTER_SECONDS[^\n]*\n$/)
  }
})

test('reports a missing bundle in one line, with exit 1', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'app-'))
  for (const name of ['local', 'shared', 'package.json', 'host.json', 'local.settings.sample.json'])
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const { ended, output } = start('start-host', {}, folder)
  assert.equal(await ended, 1)
  assert.match(output(), /^[^\n]*main\.cjs[^\n]*npm run build[^\n]*\n$/)
  rmSync(folder, { recursive: true })
})

test('start:host can stop and start while start:emulators runs', async () => {
  const emulators = start('start-emulators')
  await eventually('emulators', () => emulators.output().includes('Ctrl-C'), 20)
  const settings = Object.fromEntries(
    [...emulators.output().matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  for (let round = 0; round < 2; round++) {
    const host = start('start-host', settings, root, ['--functions', 'health'])
    await eventually('host', () => host.output().includes('listens on'), 20)
    host.child.kill('SIGINT')
    assert.equal(await host.ended, 0)
  }
  const shown = start('show', settings)
  assert.equal(await shown.ended, 0, shown.output())
  assert.match(shown.output(), printed.show.says)

  emulators.child.kill('SIGTERM')
  assert.equal(await emulators.ended, 0)
})

test('start:host rejects a function that does not exist', async () => {
  const { ended, output } = start('start-host', {}, root, ['--functions', 'publish-events'])
  assert.equal(await ended, 1)
  assert.match(output(), /^[^\n]*publish-events[^\n]*\n$/)
})

test('start:func reports missing Core Tools', async () => {
  const settings = path.join(root, 'local.settings.json')
  const isMade = !existsSync(settings) // else it is of whoever runs the tests
  const { ended, output } = start('start-func', { PATH: '/nowhere' })
  assert.equal(await ended, 1)
  assert.match(output(), /func is missing/)
  if (isMade) rmSync(settings)
})

for (const args of [[], ['--app', 'a'], ['--org', 'ttd', '--person', '1'], ['--scope', 'x']])
  test(`token reports what it needs: ${args.join(' ')}`, async () => {
    const { ended, output } = start('print-tokens', {}, root, args)
    assert.equal(await ended, 1)
    assert.match(output(), /npm run token -- --org ttd --app apps-test/)
  })

test('token prints an Altinn token of every kind of caller, with a scope', async () => {
  const issuer = String(process.env['TEST_ISSUER'])
  const claimsOf = async (...args: string[]) => {
    const ports = { ISSUER_PORT: new URL(issuer).port }
    const { ended, output } = start('print-tokens', ports, root, args)
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
  const show = start('show', { COSMOS_PORT: port })
  assert.equal(await show.ended, 1)
  assert.match(
    show.output(),
    new RegExp(`^[^\\n]*${port}[^\\n]*npm start[^\\n]*COSMOS_PORT[^\\n]*\\n$`),
  )
  const token = start('print-tokens', { ISSUER_PORT: port }, root, ['--org', 'ttd', '--app', 'a'])
  assert.equal(await token.ended, 1)
  assert.match(
    token.output(),
    new RegExp(`^[^\\n]*${port}[^\\n]*npm start[^\\n]*ISSUER_PORT[^\\n]*\\n$`),
  )
})

test('--help names every port variable', async () => {
  const asked = ['start', 'show', 'print-tokens'].map(async (program) => {
    const { ended, output } = start(program, {}, root, ['--help'])
    assert.equal(await ended, 0)
    for (const name of portNames) assert.match(output(), new RegExp(`^ +${name}=\\d+$`, 'm'))
  })
  await Promise.all(asked)
})

test('npm run receiver: prints what it receives, and answers as told', async () => {
  const { child, ended, output } = start('start-receiver', {}, root, [
    '--port',
    '0',
    '--status',
    '503',
  ])
  const [url = ''] = await eventually('receiver', () => /http:\S+(?=;)/.exec(output()) ?? false)
  const event = { type: 'app.instance.created', subject: '/party/1', id: '1' }
  assert.equal((await fetch(url, { method: 'POST', body: JSON.stringify(event) })).status, 503)
  await eventually('a line', () =>
    /app\.instance\.created \/party\/1 1 no secret given/.test(output()),
  )
  child.kill('SIGINT')
  assert.equal(await ended, 0)
})
