import { runTogether } from './support/run-together.ts'

// Subscribers that fail, pause, wait for their turn or are validated.
runTogether('app', [
  'circuit-breaker',
  'pause',
  'validation',
  'validation-answers',
  'ordered',
  'subunits',
])
