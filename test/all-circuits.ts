import { runTogether } from './support/run-together.ts'

// Subscribers that fail, are paused, wait for a slot or are validated.
runTogether('app', [
  'circuit-breaker',
  'pause',
  'subunits',
  'validation',
  'validation-answers',
  'ordered',
])
