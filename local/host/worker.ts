// The worker's half of the host: the @azure/functions-core of one app. Steps, names and texts are those of
// https://github.com/Azure/azure-functions-nodejs-worker (registerFunction.ts, startApp.ts).
import { createInvoke } from './invocation.ts'

export type Log = (level: string, category: string, message: string) => void
export type TypedData = { string?: string; json?: string; bytes?: Uint8Array; http?: object }
export type Call = { data: TypedData; metadata?: Record<string, TypedData>; trace?: object }
type Text = 'route' | 'authLevel' | 'queueName' | 'connection' | 'dataType' | 'schedule'
type Binding = { type: string; methods?: string[]; runOnStartup?: boolean } & {
  [name in Text]?: string
}
type Metadata = { name: string; bindings: Record<string, Binding>; retryOptions?: unknown }
type Attribute = 'domain' | 'path' | 'maxAge' | 'secure' | 'httpOnly'
export type Cookie = { name: string; value: string; sameSite?: string } & {
  [name in Attribute]?: { value: string | number | boolean }
} & { expires?: { value: { seconds: number } } }
export type HttpAnswer = {
  statusCode: string
  headers: Record<string, string>
  cookies: Cookie[]
  body?: { bytes?: Uint8Array }
}
type Callback = (...inputs: unknown[]) => unknown
type Hook = (context: object) => unknown
type Response = { returnValue?: { http?: HttpAnswer } | null }
export type Model = {
  getCapabilities(capabilities: object): Promise<{ HttpUri?: string }>
  getInvocationModel(core: object): {
    getArguments(): Promise<{ context: object; inputs: unknown[] }>
    invokeFunction(context: object, inputs: unknown[], callback: Callback): Promise<unknown>
    getResponse(context: object, result: unknown): Promise<Response>
  }
}
export type AppFunction = ReturnType<typeof describe>
export type App = Awaited<ReturnType<ReturnType<typeof createWorker>['start']>>

/** Makes the module that one app gets as @azure/functions-core, and what starts that app. */
export function createWorker(log: Log) {
  const functions = new Map<string, AppFunction>()
  const hookNames = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation']
  const hooks = new Map(hookNames.map((name): [string, Hook[]] => [name, []]))
  const appHookData = {}
  let model: Model | undefined
  let started = false

  function registerFunction(metadata: Metadata, callback: Callback) {
    const key = metadata.name.toUpperCase()
    if (started) throw new Error('A function can only be registered during app startup.')
    if (functions.has(key)) throw new Error(`function "${metadata.name}" is registered twice`)
    functions.set(key, describe(metadata, callback))
    return { dispose: () => functions.delete(key) }
  }

  function registerHook(name: string, hook: Hook) {
    const list = hooks.get(name)
    if (!list) throw new RangeError(`the local host has no hook "${name}"`)
    list.push(hook)
    return { dispose: () => list.splice(list.indexOf(hook), 1) }
  }

  async function runHooks(name: string, context: object) {
    for (const hook of hooks.get(name) ?? []) await hook(Object.assign(context, { appHookData }))
  }

  /** Runs the appStart hooks; from then on the app can register nothing and change no setup. */
  async function start(functionAppDirectory: string) {
    const context = { hookData: {}, functionAppDirectory }
    await runHooks('appStart', context)
    const ready = model
    if (!ready) throw new Error('the app registers no function')
    const { HttpUri } = await ready.getCapabilities({})
    if (HttpUri) throw new Error('the local host has no HTTP streaming (enableHttpStream)')
    started = true
    const byName = [...functions].toSorted(([one], [other]) => (one < other ? -1 : 1))
    return {
      functions: byName.map(([, fn]) => fn),
      invoke: createInvoke(ready, runHooks, log),
      terminate: () => runHooks('appTerminate', context),
    }
  }

  const core = {
    version: '3.12.0', // of the worker; hostVersion: of the host whose ways these are
    hostVersion: '4.1042.100',
    registerFunction,
    registerHook,
    setProgrammingModel: (given: Model) => void (model = given),
    log: (level: string, _kind: string, text: string) => log(level, 'Worker', text),
  }
  return { core, start }
}

/** Finds the trigger, and refuses what this host would silently leave undone. */
function describe(metadata: Metadata, callback: Callback) {
  const refuse = (what: string) =>
    new Error(`function "${metadata.name}": the local host has no ${what}`)
  const { $return: result, ...bindings } = metadata.bindings
  const [[input, trigger] = ['', { type: 'function without a trigger' }], other] =
    Object.entries(bindings)
  const kind = /^(http|queue|timer)trigger$/i.exec(trigger.type)?.[1]?.toLowerCase()
  if (!kind) throw refuse(trigger.type)
  if (other) throw refuse(`input or output binding (${other[1].type})`)
  if (result && result.type !== 'http') throw refuse(`output binding (${result.type})`)
  if (metadata.retryOptions) throw refuse('retry policy')
  return { name: metadata.name, kind, input, trigger, metadata, callback }
}
