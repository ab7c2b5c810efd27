import { runTogether } from './support/run-together.ts'

// The local host; what waits for its queues, beside the others.
runTogether(
  'host',
  [
    'queues',
    'queue-outages',
    'timers',
    'http',
    'http-refusals',
    'lifetime',
    'host-json',
    'queue-settings',
    'routes',
  ],
  3,
)
