// Loads an app's entry point as the real worker does, with its @azure/functions-core, and afresh each time, so that
// one process can run several apps.
import { globSync } from 'node:fs'
import Module, { createRequire, registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { member, readJson, text } from './settings.ts'
import { createWorker } from './worker.ts'
import type { Log } from './worker.ts'

const require = createRequire(import.meta.url)
let core: object | undefined // what the app being loaded gets
let loading: Promise<unknown> = Promise.resolve()
let loads = 0

const nodesLoad: unknown = Reflect.get(Module, '_load')
if (typeof nodesLoad !== 'function') throw new Error('this Node.js has no Module._load to patch')
Reflect.set(Module, '_load', function load(this: unknown, id: string, ...rest: unknown[]) {
  if (core && id === '@azure/functions-core') return core
  return Reflect.apply(nodesLoad, this, [id, ...rest])
})

// Nothing unloads an ES module: those of an app carry the number of the load, from importer to imported.
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context)
    const mark = /\?load=\d+$/.exec(context.parentURL ?? '')?.[0]
    const own = specifier.startsWith('.') || specifier === '@azure/functions'
    return mark && own ? { ...found, url: found.url + mark } : found
  },
})

/** Loads and starts the app in `folder`. One at a time: a `require` does not say for whom it asks. */
export function loadApp(folder: string, log: Log) {
  const loaded = loading.then(() => loadAlone(folder, log))
  loading = loaded.catch(() => undefined) // the caller has the error; the next app loads all the same
  return loaded
}

async function loadAlone(folder: string, log: Log) {
  const worker = createWorker(log)
  core = worker.core
  loads += 1
  try {
    for (const { file, isModule } of entryPoints(folder)) {
      forget(path.dirname(file))
      if (isModule) await import(`${pathToFileURL(file).href}?load=${loads}`)
      else require(file)
    }
    return await worker.start(folder)
  } finally {
    core = undefined
  }
}

function entryPoints(folder: string) {
  const manifest = readJson(path.join(folder, 'package.json'))
  const main = text(member(manifest, 'main'), 'index.js')
  const files = globSync(main, { cwd: folder }).toSorted()
  if (!files[0])
    throw new Error(`${path.join(folder, main)} is missing: run \`npm run build\` first`)
  const modules = member(manifest, 'type') === 'module' ? /\.m?[jt]s$/ : /\.m[jt]s$/
  return files.map((file) => ({ file: path.resolve(folder, file), isModule: modules.test(file) }))
}

// A bundle has the library inside; else the library must be new as well, since it keeps its core and its setup.
function forget(folder: string) {
  const library = path.join('node_modules', '@azure', 'functions', path.sep)
  for (const id of Object.keys(require.cache)) {
    const own = id.startsWith(folder + path.sep) && !id.includes('node_modules')
    if (own || id.includes(library)) Reflect.deleteProperty(require.cache, id)
  }
}
