import { runTogether } from './support/run-together.ts'

// Stores, queues and processes that fail, or are slow: most files share an app with others, or processes, and mostly wait.
runTogether(
  'app',
  [
    'store-faults',
    'delivery',
    'inbound-queues',
    'lost-work',
    'transient-faults',
    'outage',
    'processes',
    'managed-identity',
    'event-cache',
    'lossless-data',
    'sweep-faults',
    'first-attempt',
    'drain',
    'sweep',
    'backlog',
    'cold-start',
    'sweep-backlog',
  ],
  3,
)
