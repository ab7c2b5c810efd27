import { runTogether } from './support/run-together.ts'

// Stores, queues and processes that fail, or are slow: most files share an app with others, or processes, and mostly wait.
runTogether(
  'app',
  [
    'store-faults',
    'delivery',
    'lost-work',
    'outage',
    'processes',
    'transient-faults',
    'event-cache',
    'lossless-data',
    'inbound-queues',
    'sweep-faults',
    'sweep',
    'sweep-backlog',
    'managed-identity',
    'drain',
    'cold-start',
    'backlog',
    'first-attempt',
  ],
  2,
)
