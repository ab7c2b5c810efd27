import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { bareEnvironment } from '../support/environment.ts'
import { bundledSdks } from '../support/host-process.ts'

test('the attacks load before anything is started, as proof:attacks loads them', async () => {
  const file = pathToFileURL(path.join(import.meta.dirname, 'attack-suites.ts')).href
  const program = `await import(${JSON.stringify(file)}); process.exit()`
  const args = ['--import', bundledSdks, '--input-type=module', '--eval', program]
  const child = spawn(process.execPath, args, {
    env: bareEnvironment(),
    stdio: 'inherit',
  })
  assert.deepEqual(await once(child, 'exit'), [0, null])
})
