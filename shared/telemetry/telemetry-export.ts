import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'

const TIMEOUT_MS = 3000 // of an export with its retries; the app's shutdown waits for the last one

/**
 * Returns a tracer and a meter that export to an OTLP collector over HTTP as JSON: spans every 5 s, metrics every minute.
 * OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES and OTEL_EXPORTER_OTLP_HEADERS apply. `stop` flushes.
 */
export function startExport(endpoint: string) {
  const detected = detectResources({ detectors: [envDetector] })
  const resource = resourceFromAttributes({ 'service.name': 'app-events' }).merge(detected)
  const exporterOptions = (signal: string) => ({
    url: `${endpoint.replace(/\/+$/, '')}/v1/${signal}`,
    timeoutMillis: TIMEOUT_MS,
  })
  const traces = new TracerProvider({
    resource,
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter(exporterOptions('traces')) }),
    ],
  })
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(exporterOptions('metrics')),
  })
  const metrics = new MeterProvider({ resource, readers: [reader] })
  return {
    tracer: traces.getTracer('app-events'),
    meter: metrics.getMeter('app-events'),
    stop: async () => void (await Promise.all([traces.shutdown(), metrics.shutdown()])),
  }
}
