import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { fail } from './lifetime.ts'
import { root } from './settings.ts'

// `npm run start:func`: the app in Microsoft's own host (Azure Functions Core Tools), against `npm run start:emulators`.
const settings = path.join(root, 'local.settings.json')
if (!existsSync(settings)) {
  copyFileSync(path.join(root, 'local.settings.sample.json'), settings)
  console.log('Made local.settings.json from the sample.')
}
const { error, status } = spawnSync('func', ['start'], { cwd: root, stdio: 'inherit' })
if (error !== undefined)
  fail(
    'func is missing: install Azure Functions Core Tools 4, or use npm run start:host, which needs nothing.',
  )
process.exit(status ?? 1)
