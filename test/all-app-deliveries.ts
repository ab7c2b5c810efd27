import { runTogether } from './support/run-together.ts'

// What becomes of a delivery, by retries, circuits, replays and validations.
runTogether('app', [
  'deliveries-api',
  'deliveries-summary',
  'retention',
  'replay-preview',
  'replay',
  'validation',
  'validation-answers',
  'circuit-breaker',
  'pause',
  'ordered',
  'fan-out-event',
  'poison-messages',
  'subunits',
])
