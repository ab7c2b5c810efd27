const flows = [
  'drain',
  'drain-backlog',
  'drain-lease',
  'drain-state',
  'recheck-backlog',
  'attempt-next',
  'attempt-page',
  'attempt-in-order',
  'turn',
  'await-event',
  'settle',
  'settle-disabled',
  'settle-deleted',
  'update-circuit',
  'store-outcome',
  'fan-out',
  'fan-out-message',
  'retry-delivery',
  'send-webhook',
  'sweep-events',
  'sweep-deliveries',
  'sweep-subscriptions',
  'redrive',
  'replay',
]

/** The delivery machine: what changes are planted in. */
export const targets = [
  'shared/subscriptions/circuit-breaker.ts',
  'shared/subscriptions/subscription-index.ts',
  'shared/deliveries/delivery.ts',
  ...flows.map((flow) => `shared/flows/${flow}.ts`),
]
