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
import { createDeliveryCounts } from './delivery-counts.ts'
import type { Fields } from './log.ts'
import { createMetrics } from './metrics.ts'
import { formatTraceparent, nextTraceparent, parseTraceparent } from './trace.ts'

/** A span; `traceparent` makes it the parent of others. */
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
 * Records OpenTelemetry traces and metrics, and writes log lines of what all invocations share. Exports to the OTLP
 * collector at `endpoint`, if any.
 */
export async function openTelemetry(
  endpoint: string | undefined,
  write: (line: string) => void = (line) => console.log(line),
) {
  const exporting =
    endpoint === undefined
      ? undefined
      : (await import('./telemetry-export.ts')).startExport(endpoint)
  const recorded = createMetrics(exporting?.meter ?? metrics.getMeter('app-events'))
  const counts = createDeliveryCounts(write)
  return {
    ...recorded,

    /** Records a delivery by its resulting state: a metric, and a part of a log line. */
    recordDelivery(state: string): void {
      recorded.recordDelivery(state)
      counts.count(state)
    },

    /** Runs `work` in a span below `parent` (a traceparent). An error marks the span as failed. */
    withSpan<T>(options: SpanOptions, work: (span: TraceSpan) => Promise<T>): Promise<T> {
      return exporting === undefined
        ? work({ traceparent: nextTraceparent(options.parent), setAttributes: noop, fail: noop })
        : withRecordedSpan(exporting.tracer, options, work)
    },

    /** Flushes the log line and the export. */
    async stop(): Promise<void> {
      counts.flush()
      await exporting?.stop()
    },
  }
}

const noop = () => {}

async function withRecordedSpan<T>(
  tracer: Tracer,
  { kind, name, parent }: SpanOptions,
  work: (span: TraceSpan) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(name, { kind: SpanKind[kind] }, contextOf(parent))
  const fail = (error: unknown) =>
    void span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
  try {
    return await work({
      traceparent: traceparentOf(span),
      setAttributes: (fields) => annotate(span, fields),
      fail,
    })
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
