import { runTogether } from './support/run-together.ts'

// What becomes of a delivery, and replays: most share one app.
runTogether('app', [
  'deliveries-api',
  'deliveries-summary',
  'retention',
  'replay-preview',
  'replay',
  'fan-out-event',
  'poison-messages',
])
