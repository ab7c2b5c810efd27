import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { bareEnvironment } from '../support/environment.ts'
import { portNames, root, usePrograms } from '../support/local-program.ts'
import { eventually } from '../support/stores.ts'

const startProgram = usePrograms()

/** The processes that a process has started, from /proc. */
async function childrenOf(pid: number | undefined): Promise<string[]> {
  const ps = spawn('ps', ['-o', 'pid=', '--ppid', String(pid)])
  return (await text(ps.stdout)).trim().split(/\s+/).filter(Boolean)
}

test('npm start: the printed curl and the page work, and SIGTERM leaves no process behind', async () => {
  const { child, ended, output } = startProgram('start')
  await eventually('ready', () => output().includes('Ctrl-C'), 30) // 4 s, but other tests run at the same time
  const children = await childrenOf(child.pid)
  assert.equal(children.length, 2)

  const [curl = ''] = /^curl [\s\S]*?'$/m.exec(output().replaceAll(/\\\n/g, '')) ?? []
  const shell = spawn('bash', ['-c', curl])
  assert.match(await text(shell.stdout), /^HTTP\/1\.1 201 [\s\S]*"[0-9a-f-]{36}"$/)

  const [, docs = ''] = /^ +Try it +(\S+)/m.exec(output()) ?? []
  assert.match(await (await fetch(docs)).text(), /^<!doctype html>/)
  assert.equal((await fetch(`${docs}/events/api/v1/openapi.json`)).status, 200)

  const [, pages = ''] = /^ +Console +(\S+)/m.exec(output()) ?? []
  const tokens = await fetch(`${pages}/local.json`, {
    method: 'POST',
    body: '{"unit":"991825827"}',
  })
  assert.match(await tokens.text(), /^\{"token":"ey[^"]+"\}$/)
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
  const { ended, output } = startProgram(
    printed[name].program,
    Object.fromEntries(ports),
    root,
    args,
  )
  assert.equal(await ended, 0, output())
  assert.match(output(), printed[name].says)
}

const others = {
  ALTINN_OPENID_CONFIGURATION_URL: 'http://127.0.0.1:9/openid-configuration',
  PLATFORM_TOKEN_JWKS_URL: 'http://127.0.0.1:9/{issuer}/jwks',
}

test('npm start: starts with a foreign token issuer, and says what is missing', async () => {
  const { child, ended, output } = startProgram('start', others)
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
  const { child, output } = startProgram('start')
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
  const [first = '', ...rest] = portNames
  const { ended, output } = startProgram('start', { [first]: port })
  assert.equal(await ended, 1)
  assertNames(first, port, output())
  const said = await refusalsOf(rest, port)
  assert.equal(said.length, rest.length)
  rest.forEach((name, index) => assertNames(name, port, `${said[index]}\n`))
})

const assertNames = (name: string, port: string, output: string) =>
  assert.match(output, new RegExp(`^[^\\n]*${port}[^\\n]*${name}[^\\n]*\\n$`), `${name}: ${output}`)

/** What `npm start` would say of each of these ports, asked in one process: each of its own would take 0.5 s to load. */
async function refusalsOf(names: string[], taken: string): Promise<string[]> {
  const script = `import { assertPortsAreFree } from './local/ports.ts'
    for (const name of ${JSON.stringify(names)}) {
      process.env[name] = '${taken}'
      await assertPortsAreFree().catch(({ message }) => console.log(message))
      process.env[name] = '0'
    }`
  const env = {
    ...bareEnvironment(),
    ...Object.fromEntries(portNames.map((name) => [name, '0'])),
  }
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { cwd: root, env })
  return (await text(child.stdout)).trim().split('\n')
}

test('reports an invalid setting in one line, with exit 1', async () => {
  for (const program of ['start', 'start-host']) {
    const { ended, output } = startProgram(program, {
      EVENT_MAX_BYTES: 'much',
      INBOUND_QUEUES: '33',
      REPAIR_AFTER_SECONDS: '0',
    })
    assert.equal(await ended, 1)
    assert.match(
      output(),
      /^[^\n]*EVENT_MAX_BYTES[^\n]*INBOUND_QUEUES[^\n]*REPAIR_AFTER_SECONDS[^\n]*\n$/,
    )
  }
})

test('reports a missing bundle in one line, with exit 1', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'app-'))
  for (const name of ['local', 'shared', 'package.json', 'host.json', 'local.settings.sample.json'])
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const { ended, output } = startProgram('start-host', {}, folder)
  assert.equal(await ended, 1)
  assert.match(output(), /^[^\n]*main\.cjs[^\n]*npm run build[^\n]*\n$/)
  rmSync(folder, { recursive: true })
})

test('start:host can stop and start while start:emulators runs', async () => {
  const emulators = startProgram('start-emulators')
  await eventually('emulators', () => emulators.output().includes('Ctrl-C'), 20)
  const settings = Object.fromEntries(
    [...emulators.output().matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  for (let round = 0; round < 2; round++) {
    const host = startProgram('start-host', settings, root, ['--functions', 'health'])
    await eventually('host', () => host.output().includes('listens on'), 20)
    host.child.kill('SIGINT')
    assert.equal(await host.ended, 0)
  }
  const shown = startProgram('show', settings)
  assert.equal(await shown.ended, 0, shown.output())
  assert.match(shown.output(), printed.show.says)

  emulators.child.kill('SIGTERM')
  assert.equal(await emulators.ended, 0)
})

test('start:host rejects a function that does not exist', async () => {
  const { ended, output } = startProgram('start-host', {}, root, ['--functions', 'publish-events'])
  assert.equal(await ended, 1)
  assert.match(output(), /^(?:\{"what":"access.decided_by"[^\n]*\n)?[^\n]*publish-events[^\n]*\n$/)
})

test('start:func reports missing Core Tools', async () => {
  const settings = path.join(root, 'local.settings.json')
  const isMade = !existsSync(settings) // else it is of whoever runs the tests
  const { ended, output } = startProgram('start-func', { PATH: '/nowhere' })
  assert.equal(await ended, 1)
  assert.match(output(), /func is missing/)
  if (isMade) rmSync(settings)
})

test('--help names every port variable', async () => {
  const asked = ['start', 'show', 'print-tokens'].map(async (program) => {
    const { ended, output } = startProgram(program, {}, root, ['--help'])
    assert.equal(await ended, 0)
    for (const name of portNames) assert.match(output(), new RegExp(`^ +${name}=\\d+$`, 'm'))
  })
  await Promise.all(asked)
})

test('npm run receiver: prints what it receives, and answers as told', async () => {
  const { child, ended, output } = startProgram('start-receiver', {}, root, [
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
