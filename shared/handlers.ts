import type {
  HttpHandler,
  HttpRequest,
  HttpResponseInit,
  InvocationContext,
  StorageQueueHandler,
  TimerHandler,
} from '@azure/functions'
import { classifyCosmosError } from './azure/cosmos-error.ts'
import { logError, logLine, type Fields } from './telemetry/log.ts'
import { Problem, problemDetails } from './http/problem.ts'
import type { Services } from './services.ts'
import type { TraceSpan } from './telemetry/telemetry.ts'

export type Log = (what: string, fields?: Fields) => void

/** What a handler gets: never the world itself, only services. */
interface Call {
  services: Services
  /** The step of the trace that this invocation is. */
  traceparent: string
  log: Log
}
export interface HttpCall extends Call {
  request: HttpRequest
}
export interface QueueCall extends Call {
  message: unknown
  context: InvocationContext
}

let current: Promise<Services> | undefined

/** The services, built once, when first asked for: loading the SDKs must not delay the registration of functions. */
export function loadServices(): Promise<Services> {
  current ??= createFromEnvironment()
  return current
}

async function createFromEnvironment(): Promise<Services> {
  const [{ createServices }, { readConfig }] = await Promise.all([
    import('./services.ts'),
    import('./config.ts'),
  ])
  return createServices(readConfig(process.env))
}

/** An HTTP function: what `handle` throws becomes a problem (RFC 9457); only a `Problem` says more than its status. */
export function endpoint(handle: (call: HttpCall) => Promise<HttpResponseInit>): HttpHandler {
  return async (request, context) => {
    const began = performance.now()
    const services = await loadServices()
    // The caller's own: the host puts a span between that nobody exports to our collector.
    const parent = request.headers.get('traceparent') ?? context.traceContext?.traceParent
    const step = { kind: 'SERVER', name: context.functionName, parent } as const
    const response = await services.telemetry.withSpan(step, (taken) =>
      respond(() => handle({ request, ...createCall(services, context, taken) }), context, taken),
    )
    services.telemetry.recordRequest(step.name, response.status ?? 200, performance.now() - began)
    return response
  }
}

async function respond(
  handle: () => Promise<HttpResponseInit>,
  context: InvocationContext,
  { traceparent, fail }: TraceSpan,
): Promise<HttpResponseInit> {
  try {
    return await handle()
  } catch (error) {
    if (!(error instanceof Problem)) logError(context, error, { trace: traceparent })
    const problem = error instanceof Problem ? error : maskedProblem(error)
    if (problem.status >= 500) fail(error)
    return problemResponse(problem, traceparent)
  }
}

/** A queue function: done when `handle` returns; when it throws, the message comes again. */
export function consumer(handle: (call: QueueCall) => Promise<void>): StorageQueueHandler {
  return async (message, context) => {
    const services = await loadServices()
    const step = {
      kind: 'CONSUMER',
      name: context.functionName,
      parent: traceparentOf(message),
    } as const
    await services.telemetry.withSpan(step, (taken) =>
      handle({ message, context, ...createCall(services, context, taken) }),
    )
  }
}

/** A timer function: a run that fails shows as failed, and the next one comes as planned. */
export function scheduled(handle: (call: Call) => Promise<void>): TimerHandler {
  return async (_timer, context) => {
    const services = await loadServices()
    const step = { kind: 'INTERNAL', name: context.functionName, parent: undefined } as const
    await services.telemetry.withSpan(step, (taken) => handle(createCall(services, context, taken)))
  }
}

/** A log line of an invocation names its step of the trace, which notes the same. */
function createCall(services: Services, context: InvocationContext, step: TraceSpan): Call {
  const { traceparent, setAttributes: note } = step
  const log: Log = (what, fields = {}) => {
    logLine(context, what, { ...fields, trace: traceparent })
    note(fields)
  }
  return { services, traceparent, log }
}

/** The traceparent of what sent a message, if it is one of ours. */
function traceparentOf(message: unknown): string | undefined {
  const { traceparent, spilled } = Object(message)
  const found: unknown = traceparent ?? Object(spilled).traceparent
  return typeof found === 'string' ? found : undefined
}

function maskedProblem(error: unknown): Problem {
  return classifyCosmosError(error).kind === 'final'
    ? new Problem(500, 'The request could not be handled.')
    : new Problem(503, 'The request could not be handled now. Try again.', {
        headers: { 'retry-after': '5' },
      })
}

function problemResponse(problem: Problem, traceparent: string): HttpResponseInit {
  return {
    status: problem.status,
    headers: { ...problem.headers, 'content-type': 'application/problem+json' },
    body: JSON.stringify(problemDetails(problem, traceparent)),
  }
}
