import { runTogether } from './support/run-together.ts'

// What is asked of the app, and what it answers: most share one app.
runTogether('app', [
  'accepted-events',
  'members',
  'buffered-uploads',
  'concurrency-limit',
  'console',
  'delivery-details',
  'delivery-statistics',
  'idempotency',
  'late-events',
  'openapi',
  'publish-event',
  'rate-limit',
  'replay-requests',
  'resource-activity',
  'source-maps',
  'subscription-preview',
  'subscription-requests',
  'subscriptions',
  'generic-events',
  'resource-owners',
  'generic-event-errors',
  'certificates',
  'key-server-outage',
  'grants-document',
])
