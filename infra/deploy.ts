// `npm run deploy -- --app NAME`: ships what was just built with Azure Functions Core Tools, signed in by `az login`.
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'

const root = path.join(import.meta.dirname, '..')

// The runtime is said here, as local.settings.json may be missing; nothing is built anew, here or there.
const flags = ['--typescript', '--no-build']
const usage = 'Say which function app: npm run deploy -- --app NAME'

const { error, status } = spawnSync(
  'func',
  ['azure', 'functionapp', 'publish', appName(), ...flags],
  { cwd: root, stdio: 'inherit' },
)
if (error !== undefined)
  fail(
    'func is missing: install Azure Functions Core Tools 4, or ship the zip of `npm run package` (infra/README.md).',
  )
process.exit(status ?? 1)

function appName(): string {
  try {
    const { app } = parseArgs({ options: { app: { type: 'string' } } }).values
    if (app) return app
  } catch (fault) {
    fail(`${fault instanceof Error ? fault.message : String(fault)}\n${usage}`)
  }
  return fail(usage)
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
