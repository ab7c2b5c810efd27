// npm run top in a terminal, against answers that a test can change.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { bareEnvironment } from '../support/environment.ts'
import { root } from '../support/local-program.ts'
import { eventually } from '../support/stores.ts'

const hasScript = String(spawnSync('script', ['--version']).stdout).includes('util-linux')
const skip = hasScript ? false : 'needs the program script of util-linux'
const hostile = '\u001B]0;evil\u0007'

test(
  'top shows states, rates and hostile text in a terminal, survives a lost connection, and quits with q',
  { skip },
  async () => {
    const api = await startApi()
    const terminal = openTop(api.url, { columns: 250 })
    await eventually('the table', () => terminal.screen().includes('Accepted/min 3  urn:a'))
    assert.ok(terminal.output().startsWith('\u001B[?1049h'))
    for (const shown of [
      /^ *2 {2}open until [^:]+:\d\d:\d\d: answered 500 \\u\{1b\}\]0;evil\\u… +1000\+ +7 +2 +dead \d+ s ago/m,
      /^ *3 {2}paused by its owner since/m,
      /^ *1 {2}well +0 +0 +– +– +http/m,
    ])
      assert.match(terminal.screen(), shown)
    assert.ok(terminal.output().includes('\u001B[31m'), 'an open circuit is red')
    assert.ok(!terminal.output().includes(hostile))

    const port = await api.stop()
    await eventually('the trouble', () => terminal.screen().includes('Nothing answers at'))
    assert.match(terminal.screen(), /^ *1 {2}well/m)
    const again = await startApi(port)
    await eventually('no trouble', () => !terminal.screen().includes('Nothing answers at'))
    assert.equal(await terminal.press('q'), 0)
    assert.ok(terminal.output().trimEnd().endsWith('\u001B[?25h\u001B[?1049l'))
    await again.stop()
  },
)

test(
  'top leaves out what a narrow terminal has no room for, and colours where NO_COLOR is set',
  { skip },
  async () => {
    const api = await startApi()
    after(api.stop)
    const terminal = openTop(api.url, { columns: 40, env: { NO_COLOR: '1' } })
    await eventually('the table', () => /^ *1 {2}well/m.test(terminal.screen()))
    const lines = terminal.screen().split('\n')
    assert.match(lines[2] ?? '', /^ *Id {2}State$/)
    for (const line of lines) assert.ok(line.length <= 40, line)
    assert.ok(!terminal.output().includes('\u001B[3'))
    assert.equal(await terminal.press('\u0003'), 0)
  },
)

/** An API with three subscriptions, in the shape of docs/openapi.yaml. */
async function startApi(port = 0) {
  const times = {
    since: '2026-01-01T10:00:00Z',
    failingSince: '2026-01-01T10:00:00Z',
    until: '2026-01-01T10:00:00Z',
  }
  const one = (id: number, circuit: object) => ({
    id,
    endPoint: 'http://a/',
    resourceFilter: 'urn:a',
    validated: true,
    circuit,
  })
  const all = [
    one(1, { state: 'closed' }),
    one(2, { state: 'open', ...times, reason: `answered 500 ${hostile}` }),
    one(3, { state: 'paused', ...times, reason: 'by its owner' }),
  ]
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  const answers: Record<string, () => object> = {
    '/subscriptions': () => ({ count: 3, subscriptions: all }),
    '/subscriptions/1': () => ({
      ...all[0],
      circuit: { state: 'closed', waiting: '0' },
      counts: { waiting: '0', dead: '0' },
    }),
    '/subscriptions/2': () => ({
      ...all[1],
      circuit: { ...all[1]?.circuit, waiting: '1000+' },
      counts: { waiting: '1000+', dead: '7' },
      latest: { event: 'e', state: 'dead', at: ago(9) },
    }),
    '/subscriptions/2/statistics': () => ({
      from: ago(300),
      to: ago(0),
      complete: true,
      seconds: 60,
      buckets: [{ delivered: 4 }, { delivered: 6 }],
    }),
    '/resources': () => ({ resources: [{ resource: 'urn:a', latest: { id: 'e', time: ago(1) } }] }),
    '/resources/urn:a/activity': () => ({
      perMinute: [
        { at: ago(3000), count: 99 },
        { at: ago(60), count: 15 },
      ],
      complete: true,
      latest: [],
    }),
  }
  const server = createServer(({ url = '' }, response) => {
    const answer = answers[decodeURIComponent(url.replace(/\?.*/, ''))]
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer?.() ?? {}))
  }).listen(port, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.close()
    server.closeAllConnections()
  })
  const used = Number(Object(server.address()).port)
  const stop = async () => {
    server.close()
    server.closeAllConnections()
    return used
  }
  return { url: `http://127.0.0.1:${used}`, stop }
}

/** Runs the program in a terminal of its own. */
function openTop(
  url: string,
  { columns, env = {} }: { columns: number; env?: Record<string, string> },
) {
  const command = `stty cols ${columns} rows 20; exec "${process.execPath}" local/top.ts --url ${url} --token a.b.c`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...bareEnvironment(), TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
  })
  after(() => child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  const ended = once(child, 'exit').then(([code]): unknown => code)
  return {
    output: () => output,
    /** What was drawn last, without colours. */
    screen: () =>
      stripVTControlCharacters(output.split('\u001B[H').at(-1) ?? '').replaceAll('\r', ''),
    press(key: string): Promise<unknown> {
      child.stdin.write(key)
      return ended
    },
  }
}
