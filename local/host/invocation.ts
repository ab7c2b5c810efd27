// One run of a function, as in the real worker (InvocationHandler.ts of
// https://github.com/Azure/azure-functions-nodejs-worker): the app's own @azure/functions converts what comes in and goes
// out, by the "programming model" that it registers.
import { randomUUID } from 'node:crypto'
import { format } from 'node:util'
import { log } from './log.ts'

/** RpcTypedData, the trigger's RpcTypedData by name, and headers that may have the caller's trace. */
export type Call = {
  id?: string
  data: object
  metadata?: object
  headers?: Record<string, string>
}
export type Handler = (...inputs: unknown[]) => unknown
export type Model = {
  getCapabilities(capabilities: object): Promise<{ HttpUri?: string }>
  getInvocationModel(core: object): {
    getArguments(): Promise<{ context: object; inputs: unknown[] }>
    invokeFunction(context: object, inputs: unknown[], handler: Handler): Promise<unknown>
    getResponse(context: object, result: unknown): Promise<unknown>
  }
}

/** What a run needs of a registered function. */
type Runnable = { name: string; metadata: object; input: string; handler: Handler }

/** Runs a function once. Never rejects: an error of the function is logged and sets `hasFailed`. */
export async function invoke(model: Model, fn: Runnable, call: Call) {
  const category = `Function.${fn.name}`
  try {
    const invocation = model.getInvocationModel({
      invocationId: call.id ?? randomUUID(),
      metadata: fn.metadata,
      request: {
        inputData: [{ name: fn.input, data: call.data }],
        triggerMetadata: call.metadata,
        traceContext: traceContextOf(call.headers),
      },
      log: (level: string, kind: string, message: string) =>
        log(level, kind === 'user' ? `${category}.User` : category, message),
    })
    const { context, inputs } = await invocation.getArguments()
    const result = await invocation.invokeFunction(context, inputs, fn.handler)
    await invocation.getResponse(context, result)
    return { hasFailed: false }
  } catch (error) {
    log('error', category, format(error))
    return { hasFailed: true }
  }
}

/** The W3C trace of an invocation: the caller's trace id where there is a valid one, always a new span id. */
function traceContextOf({ traceparent = '', tracestate }: Record<string, string> = {}) {
  const valid = /^[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-([\da-f]{2})/
  const [found, id = randomHex(), flags = '00'] = valid.exec(traceparent) ?? []
  const traceParent = `00-${id}-${randomHex().slice(16)}-${flags}`
  return found && tracestate ? { traceParent, traceState: tracestate } : { traceParent }
}

const randomHex = () => randomUUID().replaceAll('-', '') // quicker than randomBytes, and never all zeros
