import { runTogether } from './support/run-together.ts'

// The programs beside the app, and what it tells and holds: apps of their own, which mostly wait.
runTogether(
  'app',
  ['start', 'memory', 'telemetry', 'top', 'top-terminal', 'print-tokens', 'queue-service'],
  2,
)
