import { runTogether } from './support/run-together.ts'

// Stores, queues and processes that fail, or are slow: each file has apps of its own, and mostly waits.
runTogether(
  'app',
  [
    'store-faults',
    'inbound-queues',
    'outage',
    'transient-faults',
    'lost-work',
    'managed-identity',
    'processes',
    'drain',
    'delivery',
    'cold-start',
    'sweep-faults',
    'sweep',
    'sweep-backlog',
    'backlog',
    'first-attempt',
    'event-cache',
    'lossless-data',
  ],
  2,
)
