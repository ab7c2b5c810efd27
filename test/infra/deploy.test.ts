import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { timers } from '../../shared/telemetry/heartbeat-store.ts'
import { startApp } from '../support/app.ts'
import { createTestStores, deployedUrl } from '../support/stores.ts'

const root = path.join(import.meta.dirname, '../..')
const folder = mkdtempSync(path.join(tmpdir(), 'app-events-deploy-'))
after(() => rmSync(folder, { recursive: true }))

/** Runs a script with nothing but `PATH` and the cache of compiled code in its environment; returns its exit code and output. */
async function run(script: string, args: string[], PATH = folder) {
  const { NODE_COMPILE_CACHE } = process.env
  const env = { PATH, NODE_COMPILE_CACHE }
  const child = spawn(process.execPath, [path.join(root, script), ...args], { env })
  const ended = once(child, 'close')
  const said = (await Promise.all([text(child.stdout), text(child.stderr)])).join('')
  const [status] = await ended
  return { status, said }
}

/** A program named func that writes down what it was asked and where. */
function putFunc(exitCode: number): string {
  const place = mkdtempSync(path.join(folder, 'bin-'))
  const file = path.join(place, 'func')
  writeFileSync(
    file,
    `#!${process.execPath}
require('node:fs').writeFileSync(__dirname + '/asked.json', JSON.stringify({ args: process.argv.slice(2), folder: process.cwd() }))
process.exit(${exitCode})
`,
  )
  chmodSync(file, 0o755)
  return place
}

test('deploy asks Core Tools to publish this folder as built', async () => {
  const place = putFunc(0)
  const { status, said } = await run('infra/deploy.ts', ['--app', 'func-abc'], place)
  assert.equal(status, 0, said)
  assert.deepEqual(JSON.parse(readFileSync(path.join(place, 'asked.json'), 'utf8')), {
    args: ['azure', 'functionapp', 'publish', 'func-abc', '--typescript', '--no-build'],
    folder: path.resolve(root),
  })
})

test('deploy fails when Core Tools fails', async () => {
  const { status } = await run('infra/deploy.ts', ['--app', 'func-abc'], putFunc(3))
  assert.equal(status, 3)
})

test('deploy reports a missing tool or name', async () => {
  const noTool = await run('infra/deploy.ts', ['--app', 'func-abc'])
  assert.equal(noTool.status, 1)
  assert.match(noTool.said, /^func is missing: install Azure Functions Core Tools 4/)
  for (const args of [[], ['--app', ''], ['func-abc'], ['--app'], ['--name', 'func-abc']]) {
    const { status, said } = await run('infra/deploy.ts', args)
    assert.equal(status, 1, args.join(' '))
    assert.match(said, /Say which function app: npm run deploy -- --app NAME\n$/)
    assert.doesNotMatch(said, /^ +at /m, 'no stack')
  }
})

test('the smoke test passes when the app is well, and reports what it saw otherwise', async () => {
  const silent = await run('infra/smoke.ts', ['--url', 'http://127.0.0.1:1/', '--seconds', '0'])
  assert.equal(silent.status, 1)
  assert.match(silent.said, /http:\/\/127\.0\.0\.1:1\/health is not well after 0 s: fetch failed/)
  const nothing = await run('infra/smoke.ts', [])
  assert.equal(nothing.status, 1)
  assert.match(nothing.said, /^Say which app: npm run smoke -- --url/)
})

test(
  'the smoke test waits for the first run of every timer of a new app',
  { skip: deployedUrl !== undefined },
  async () => {
    const app = await startApp(await createTestStores())
    try {
      const smoke = run('infra/smoke.ts', ['--url', `${app.api}/`, '--seconds', '50'])
      for (const timer of timers) await app.runTimer(timer)
      const { status, said } = await smoke
      assert.equal(status, 0, said)
      assert.match(said, /refuses who has no token\n$/)
    } finally {
      await app.stop()
    }
  },
)
