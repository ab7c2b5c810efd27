import type { Meter } from '@opentelemetry/api'

/** The state of the app: ages in seconds, and counts. */
export type Gauge = Record<
  'oldestPendingSeconds' | 'oldestDueSeconds' | 'deadLastHour' | 'openCircuits' | 'poisonMessages',
  number
>

// The boundaries that the semantic conventions advise for HTTP, https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const duration = { unit: 's', advice: { explicitBucketBoundaries: boundaries } }

const gaugeNames: Record<keyof Gauge, string> = {
  oldestPendingSeconds: 'app_events.fan_out.oldest_pending',
  oldestDueSeconds: 'app_events.deliveries.oldest_due',
  deadLastHour: 'app_events.deliveries.dead_last_hour',
  openCircuits: 'app_events.subscriptions.open_circuits',
  poisonMessages: 'app_events.poison_messages',
}

/** Creates the metrics for operators. Durations are passed in ms and recorded in s, as OpenTelemetry asks. */
export function createMetrics(meter: Meter) {
  const requests = meter.createHistogram('http.server.request.duration', duration)
  const attempts = meter.createHistogram('app_events.webhook.duration', duration)
  const deliveries = meter.createCounter('app_events.deliveries')
  const openings = meter.createCounter('app_events.circuit.openings')
  const keyFailures = meter.createCounter('app_events.keys.failures')
  const serviceFailures = meter.createCounter('app_events.services.failures')
  const redrives = meter.createCounter('app_events.redrives')
  const gauges = new Map(
    Object.entries(gaugeNames).map(([key, name]) => [key, meter.createGauge(name)]),
  )
  return {
    /** Records a response; for `publish-event` this is the time to accept. */
    recordRequest: (name: string, status: number, ms: number) =>
      requests.record(ms / 1000, { 'faas.name': name, 'http.response.status_code': status }),
    /** Records a call of a subscriber's endpoint, with its outcome. */
    recordAttempt: (outcome: string, ms: number) => attempts.record(ms / 1000, { outcome }),
    /** Records a delivery by its resulting state. */
    recordDelivery: (state: string) => deliveries.add(1, { state }),
    /** Records the opening of a circuit. */
    recordOpening: () => openings.add(1),
    /** The keys at an address could not be fetched. */
    recordKeyFailure: (address: string, reason: string) => keyFailures.add(1, { address, reason }),
    /** The policy decision point or the register has not answered. */
    recordServiceFailure: (service: string, reason: string) =>
      serviceFailures.add(1, { service, reason }),
    /** The sweep has sent overdue work again. */
    recordRedrives: (kind: 'event' | 'delivery', count: number) => redrives.add(count, { kind }),
    /** The state of the whole, as the timer `gauge` sees it. */
    recordGauge(seen: Gauge): void {
      for (const [key, value] of Object.entries(seen)) gauges.get(key)?.record(value)
    },
  }
}
