import type {
  HttpHandler,
  HttpRequest,
  HttpResponseInit,
  InvocationContext,
  StorageQueueHandler,
  TimerHandler,
} from '@azure/functions'
import { faultOf } from './cosmos-fault.ts'
import { logError, logLine, type Fields } from './log.ts'
import { Problem, problemDetails } from './problem.ts'
import type { Services } from './services.ts'
import { nextTraceparent } from './trace.ts'

type Log = (what: string, fields?: Fields) => void

/** What a handler gets: never the world itself, only services. */
interface Call {
  services: Services
  log: Log
}
export interface HttpCall extends Call {
  request: HttpRequest
  traceparent: string
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
    const traceparent = nextTraceparent(
      context.traceContext?.traceParent ?? request.headers.get('traceparent'),
    )
    try {
      const services = await loadServices()
      return await handle({ request, services, traceparent, log: logTo(context, traceparent) })
    } catch (error) {
      if (!(error instanceof Problem)) logError(context, error, { trace: traceparent })
      return problemResponse(error instanceof Problem ? error : hidden(error), traceparent)
    }
  }
}

/** A queue function: done when `handle` returns; when it throws, the message comes again. */
export function consumer(handle: (call: QueueCall) => Promise<void>): StorageQueueHandler {
  return async (message, context) => {
    await handle({ message, context, services: await loadServices(), log: logTo(context) })
  }
}

/** A timer function: a run that fails shows as failed, and the next one comes as planned. */
export function scheduled(handle: (call: Call) => Promise<void>): TimerHandler {
  return async (_timer, context) => {
    await handle({ services: await loadServices(), log: logTo(context) })
  }
}

const logTo =
  (context: InvocationContext, trace?: string): Log =>
  (what, fields) =>
    logLine(context, what, trace === undefined ? fields : { ...fields, trace })

function hidden(error: unknown): Problem {
  return faultOf(error).kind === 'final'
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
