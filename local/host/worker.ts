// The worker's half of the host: loads the app's entry point with @azure/functions-core. Names and texts are
// those of https://github.com/Azure/azure-functions-nodejs-worker (registerFunction.ts, startApp.ts).
import { existsSync } from 'node:fs'
import Module from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { invoke, type Handler, type Model } from './invocation.ts'
import { log } from './log.ts'
import { readJson } from './settings.ts'
import { openStreamServer } from './stream-server.ts'

type BindingText = 'route' | 'authLevel' | 'queueName' | 'connection' | 'dataType' | 'schedule'
type TriggerBinding = { type: string; methods?: string[]; runOnStartup?: boolean }
type Bindings = Record<string, TriggerBinding & Partial<Record<BindingText, string>>>
type Metadata = { name: string; bindings: Bindings; retryOptions?: object }
type Hook = (context: object) => unknown

export type AppFunction = ReturnType<typeof describeFunction>
export type App = Awaited<ReturnType<typeof loadApp>>

/** Loads and starts the app in `folder`. */
export async function loadApp(folder: string) {
  const { main = 'index.js' } = readJson(path.resolve(folder, 'package.json'))
  const file = path.resolve(folder, main)
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run build\` first`)
  const worker = createWorker()
  provideFunctionsCore(worker.core)
  await import(pathToFileURL(file).href)
  return worker.start(path.resolve(folder))
}

/** Makes `require('@azure/functions-core')` return `core`, as the real worker does: no package has that name. */
export function provideFunctionsCore(core: object): void {
  const own: Module['require'] = Reflect.get(Module.prototype, 'require')
  Module.prototype.require = function requireWithCore(this: Module, id: string): unknown {
    return id === '@azure/functions-core' ? core : own.call(this, id)
  }
}

/** Makes the @azure/functions-core of an app, and what starts the app once it is loaded. */
export function createWorker() {
  const functions = new Map<string, AppFunction>()
  const appStart: Hook[] = []
  const appTerminate: Hook[] = []
  let model: Model | undefined
  let isStarted = false

  function registerFunction(metadata: Metadata, handler: Handler) {
    const key = metadata.name.toUpperCase()
    if (isStarted) throw new Error('A function can only be registered during app startup.')
    if (functions.has(key)) throw new Error(`function "${metadata.name}" is registered twice`)
    functions.set(key, describeFunction(metadata, handler))
  }

  function registerHook(name: string, hook: Hook) {
    const hooks = { appStart, appTerminate }[name]
    if (!hooks) throw new Error(`the local host has no hook "${name}"`)
    hooks.push(hook)
  }

  /** Runs the appStart hooks; from then on the app can register nothing. */
  async function start(functionAppDirectory: string) {
    const context = { hookData: {}, appHookData: {}, functionAppDirectory }
    for (const hook of appStart) await hook(context)
    if (!model) throw new Error('the app registers no function')
    const streamServer = await openStreamServer(model)
    if (!streamServer && [...functions.values()].some(({ kind }) => kind === 'http'))
      throw new Error(
        'the local host has only HTTP streaming: app.setup({ enableHttpStream: true })',
      )
    isStarted = true
    return {
      functions: [...functions.values()].toSorted(byName),
      streamServer,
      invoke: invoke.bind(undefined, model),
      async terminate() {
        for (const hook of appTerminate) await hook(context)
      },
    }
  }

  const core = {
    registerFunction,
    registerHook,
    setProgrammingModel: (given: Model) => void (model = given),
    log: (level: string, _kind: string, text: string) => log(level, 'Worker', text),
  }
  return { core, start }
}

const byName = (one: AppFunction, other: AppFunction) =>
  one.name.toUpperCase() < other.name.toUpperCase() ? -1 : 1

/** Finds the trigger, and refuses what this host would silently leave undone. */
export function describeFunction(metadata: Metadata, handler: Handler) {
  const { name, bindings, retryOptions } = metadata
  const found = Object.entries(bindings).filter(([, { type }]) => type !== 'http')
  const [[input, trigger] = ['', { type: 'trigger' }], other] = found
  const kind = /^(http|queue|timer)trigger$/i.exec(trigger.type)?.[1]
  const unsupported = other?.[1].type ?? (retryOptions ? 'retry policy' : 'runOnStartup')
  if (!kind || other || retryOptions || trigger.runOnStartup)
    throw new Error(
      `function "${name}": the local host has no ${kind ? unsupported : trigger.type}`,
    )
  if (!/^(?!host$)[a-z][\w-]{0,127}$/i.test(name))
    throw new Error(`"${name}" is no function's name`)
  const isDisabled = /^(true|1)$/i.test(process.env[`AzureWebJobs.${name}.Disabled`] ?? '')
  return { ...trigger, name, kind, input, metadata, handler, isDisabled }
}
