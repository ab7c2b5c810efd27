import { runTogether } from './support/run-together.ts'

// Who reads, and the services that the app asks about them.
runTogether(
  'app',
  [
    'read-generic-events',
    'read-party-events',
    'read-events',
    'read-while-publishing',
    'register',
    'register-token',
    'policy-decision-point',
    'policy-deliveries',
  ],
  2,
)
