import {
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api'
import type { Fields } from './log.ts'
import { createMetrics } from './metrics.ts'
import { formatTraceparent, nextTraceparent, parseTraceparent } from './trace.ts'

/** One step of a trace: what those that follow name as their parent, and what is noted of it. */
export interface TraceSpan {
  traceparent: string
  setAttributes: (fields: Fields) => void
  fail: (error: unknown) => void
}
interface SpanOptions {
  kind: 'SERVER' | 'CONSUMER' | 'INTERNAL'
  name: string
  parent: string | null | undefined
}

/**
 * Traces and metrics in OpenTelemetry's form. They are exported where `endpoint` names an OTLP collector; without one a
 * step costs no more than its traceparent.
 */
export async function openTelemetry(endpoint: string | undefined) {
  const exporting =
    endpoint === undefined
      ? undefined
      : (await import('./telemetry-export.ts')).startExport(endpoint)
  return {
    ...createMetrics(exporting?.meter ?? metrics.getMeter('app-events')),

    /** Does `work` as a step of the trace of `parent` (a traceparent). What it throws marks the step as failed. */
    withSpan<T>(options: SpanOptions, work: (step: TraceSpan) => Promise<T>): Promise<T> {
      return exporting === undefined
        ? work({
            traceparent: nextTraceparent(options.parent),
            setAttributes: noop,
            fail: noop,
          })
        : withRecordedSpan(exporting.tracer, options, work)
    },

    /** Sends what is not sent yet. */
    stop: async () => exporting?.stop(),
  }
}

const noop = () => {}

async function withRecordedSpan<T>(
  tracer: Tracer,
  { kind, name, parent }: SpanOptions,
  work: (step: TraceSpan) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, { kind: SpanKind[kind] }, contextOf(parent))
  const note = (fields: Fields) => annotate(span, fields)
  const fail = (error: unknown) =>
    void span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
  try {
    return await work({ traceparent: traceparentOf(span), setAttributes: note, fail })
  } catch (error) {
    fail(error)
    throw error
  } finally {
    span.end()
  }
}

function contextOf(parent: string | null | undefined): Context {
  const found = parseTraceparent(parent)
  return found === undefined
    ? ROOT_CONTEXT
    : trace.setSpanContext(ROOT_CONTEXT, { ...found, isRemote: true })
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return formatTraceparent(traceId, spanId, traceFlags)
}

function annotate(span: Span, fields: Fields): void {
  for (const [name, value] of Object.entries(fields))
    if (value !== undefined) span.setAttribute(`app_events.${name}`, value)
}
