import { runTogether } from './support/run-together.ts'

// Readers, the services that the app asks, and the programs beside it: apps of their own, which mostly wait.
runTogether(
  'app',
  [
    'read-generic-events', // before those whose store fails: a call that is tried again would be counted
    'read-party-events',
    'read-events',
    'read-while-publishing',
    'start',
    'policy-decision-point',
    'policy-deliveries',
    'register',
    'register-token',
    'telemetry',
    'memory',
    'top',
    'top-terminal',
    'print-tokens',
    'queue-service',
  ],
  2,
)
