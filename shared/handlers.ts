import type {
  HttpHandler,
  HttpRequest,
  HttpResponseInit,
  InvocationContext,
  StorageQueueHandler,
  TimerHandler,
} from '@azure/functions'
import { classifyCosmosError } from './azure/cosmos-error.ts'
import type { Timer } from './telemetry/heartbeat-store.ts'
import { logError, logLine, type Fields } from './telemetry/log.ts'
import { Problem, problemDetails } from './http/problem.ts'
import type { Services } from './services.ts'
import type { TraceSpan } from './telemetry/telemetry.ts'
import { sampledTraceparent } from './telemetry/trace.ts'

type Log = (what: string, fields?: Fields) => void

/** The arguments of a handler. Handlers reach everything else through `services`. */
interface Call {
  services: Services
  /** Of this invocation's span. */
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

/** Returns the services, created on first use: loading the SDKs must not delay the registration of functions. */
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

/** An HTTP function. An error becomes a problem response (RFC 9457); only a `Problem` discloses more than its status. */
export function endpoint(handle: (call: HttpCall) => Promise<HttpResponseInit>): HttpHandler {
  return async (request, context) => {
    const began = performance.now()
    // The host's own span between caller and function is not exported to our collector. Where the caller sends no trace, the
    // host begins one that Application Insights has not sampled, which says nothing about ours.
    const callers = request.headers.get('traceparent')
    const parent = callers ?? sampledTraceparent(context.traceContext?.traceParent)
    const response = await inSpan('SERVER', context, parent, (call, span) =>
      respond(() => handle({ request, ...call }), context, span),
    )
    const { telemetry } = await loadServices()
    telemetry.recordRequest(context.functionName, response.status ?? 200, performance.now() - began)
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

/** A queue function. When `handle` throws, the host retries the message. */
export function consumer(handle: (call: QueueCall) => Promise<void>): StorageQueueHandler {
  return (message, context) =>
    inSpan('CONSUMER', context, traceparentOf(message), (call) =>
      handle({ message, context, ...call }),
    )
}

/** A timer function. A failed run does not affect the schedule. */
export function scheduled(handle: (call: Call) => Promise<void>): TimerHandler {
  return (_timer, context) => inSpan('INTERNAL', context, undefined, handle)
}

export const SWEEP_MS = 20_000 // of the 30 s between two runs

/**
 * A timer function that redrives overdue work, and returns how much it sent. Each has its own time budget and heartbeat, so
 * that none starves or hides another.
 */
export const sweep = (
  name: Exclude<Timer, 'gauge'>,
  redriveAll: (services: Services) => Promise<number>,
): TimerHandler =>
  scheduled(async ({ services, log }) => {
    const sent = await redriveAll(services)
    await services.heartbeats.beat(name)
    log('sweep.done', { sweep: name, sent })
  })

/** Runs `work` in the span of an invocation, below `parent`. */
async function inSpan<T>(
  kind: 'SERVER' | 'CONSUMER' | 'INTERNAL',
  context: InvocationContext,
  parent: string | undefined,
  work: (call: Call, span: TraceSpan) => Promise<T>,
): Promise<T> {
  const services = await loadServices()
  return services.telemetry.withSpan({ kind, name: context.functionName, parent }, (span) =>
    work(createCall(services, context, span), span),
  )
}

/** Log lines carry the traceparent of the span, which gets the same fields as attributes. */
function createCall(
  services: Services,
  context: InvocationContext,
  { traceparent, setAttributes }: TraceSpan,
): Call {
  const log: Log = (what, fields = {}) => {
    logLine(context, what, { ...fields, trace: traceparent })
    setAttributes(fields)
  }
  return { services, traceparent, log }
}

/** Returns the traceparent in a message of the app, otherwise undefined. */
function traceparentOf(message: unknown): string | undefined {
  const { traceparent, spilled } = Object(message)
  const found: unknown = traceparent ?? Object(spilled).traceparent
  return typeof found === 'string' ? found : undefined
}

function maskedProblem(error: unknown): Problem {
  return classifyCosmosError(error).kind === 'final'
    ? new Problem(500, 'The request could not be handled.')
    : new Problem(503, 'The request could not be handled now. Try again.')
}

function problemResponse(problem: Problem, traceparent: string): HttpResponseInit {
  return {
    status: problem.status,
    headers: {
      'content-type': 'application/problem+json',
      ...(problem.status === 503 && { 'retry-after': '5' }),
    },
    body: JSON.stringify(problemDetails(problem, traceparent)),
  }
}
