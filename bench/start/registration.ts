// One sample, in a fresh process: measures how long the functions take to register, from the bundle or from the
// sources, and until the appStart hook has warmed the services. Reports both to its parent, in ms of wall-clock and CPU
// time.
import { globSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { createWorker, provideFunctionsCore } from '../../local/host/worker.ts'
import { addToEnvironment, readSettingsFile, root } from '../../local/settings.ts'

addToEnvironment(readSettingsFile())
const worker = createWorker()
provideFunctionsCore(worker.core)
const [form] = process.argv.slice(2)

const began = performance.now()
const used = process.cpuUsage()
await (form === 'bundle' ? loadBundle() : loadSources())
const registered = sinceBegin()
await worker.start(root)
process.send?.({ registered, warm: sinceBegin() })
process.disconnect()

function sinceBegin() {
  const { user, system } = process.cpuUsage(used)
  return { clock: performance.now() - began, cpu: (user + system) / 1000 }
}

function loadBundle(): void {
  const require = createRequire(import.meta.url)
  const { main } = require('../../package.json')
  require(path.join(root, main))
}

async function loadSources(): Promise<void> {
  for (const file of globSync('functions/*.ts', { cwd: root }).toSorted())
    await import(pathToFileURL(path.join(root, file)).href)
}
