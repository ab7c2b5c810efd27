// Runs one invocation, hooks included (InvocationHandler.ts of https://github.com/Azure/azure-functions-nodejs-worker).
// The app's own @azure/functions does the conversions both ways, through `getInvocationModel`.
import { randomBytes, randomUUID } from 'node:crypto'
import { format } from 'node:util'
import type { AppFunction, Call, HttpAnswer, Log, Model } from './worker.ts'

type RunHooks = (name: string, context: object) => Promise<void>
type Outcome<Fault> = { http?: HttpAnswer | undefined; error?: Fault }

/** Makes what runs a function once. It never rejects: what the function throws goes to the log and into `error`. */
export function createInvoke(model: Model, runHooks: RunHooks, log: Log) {
  async function run(
    core: { state: string },
    callback: AppFunction['callback'],
  ): Promise<Outcome<unknown>> {
    const invocation = model.getInvocationModel(core)
    const { context, inputs } = await invocation.getArguments()
    const before = { hookData: {}, invocationContext: context, inputs, functionCallback: callback }
    await runHooks('preInvocation', before) // may replace inputs and callback
    const running = invocation.invokeFunction(context, before.inputs, before.functionCallback)
    const after = { ...before, ...(await settle(running)) }
    core.state = 'postInvocationHooks'
    await runHooks('postInvocation', after) // may replace result and error
    core.state = ''
    if (after.error !== null && after.error !== undefined) return { error: after.error }
    const { returnValue } = await invocation.getResponse(context, after.result)
    return { http: returnValue?.http }
  }

  return async function invoke(fn: AppFunction, call: Call): Promise<Outcome<Error>> {
    const category = `Function.${fn.name}`
    const core = {
      invocationId: randomUUID(),
      metadata: fn.metadata,
      state: '', // the library warns of a log line after the handler's end, unless it is a hook's
      request: {
        inputData: [{ name: fn.input, data: call.data }],
        triggerMetadata: call.metadata,
        traceContext: call.trace ?? trace(),
      },
      log: (level: string, kind: string, message: string) =>
        log(level, kind === 'user' ? `${category}.User` : category, message),
    }
    const failed = (cause: unknown): Outcome<unknown> => ({ error: cause ?? 'Unknown error' })
    const { http, error } = await run(core, fn.callback).catch(failed)
    if (error === undefined) return { http }
    log('error', category, format(error))
    return { error: error instanceof Error ? error : new Error(format(error)) }
  }
}

const settle = (running: Promise<unknown>): Promise<{ result: unknown; error: unknown }> =>
  running.then(
    (result) => ({ result, error: null }),
    (error: unknown) => ({ result: null, error }),
  )

/** The W3C trace of an invocation: the caller's trace id where there is a valid one, always a new span id. */
export function trace(parent = '', state = '') {
  const valid = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})/.exec(parent)
  const [, id = randomBytes(16).toString('hex'), flags = '00'] = valid ?? []
  const traceParent = `00-${id}-${randomBytes(8).toString('hex')}-${flags}`
  return { traceParent, ...(valid && state && { traceState: state }) }
}
