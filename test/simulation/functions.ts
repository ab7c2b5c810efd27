import { runSequentially } from '../../shared/azure/concurrency.ts'
import { drainSubscription } from '../../shared/flows/drain.ts'
import { fanOutMessage } from '../../shared/flows/fan-out-message.ts'
import { replayPage, sweepReplays } from '../../shared/flows/replay.ts'
import { retryDelivery } from '../../shared/flows/retry-delivery.ts'
import { sweepDeliveries } from '../../shared/flows/sweep-deliveries.ts'
import { sweepEvents } from '../../shared/flows/sweep-events.ts'
import { sweepSubscriptions } from '../../shared/flows/sweep-subscriptions.ts'
import { validate } from '../../shared/flows/validate-subscription.ts'
import {
  parseDeliveryReference,
  parseDrainMessage,
  parseInboundMessage,
  parseReplayMessage,
  parseValidationMessage,
} from '../../shared/messages.ts'
import type { Services } from '../../shared/services.ts'
import { nextTraceparent } from '../../shared/telemetry/trace.ts'
import type { FunctionName } from './plan.ts'
import type { Queues } from './services.ts'

/** A function with a queue trigger. `run` does what its handler does, and returns the outcome for the trace. */
export interface QueueFunction {
  name: FunctionName
  run: (services: Services, message: unknown, dequeueCount: number) => Promise<string>
}

/** The functions by the queue that triggers them. */
export const queueFunctions: Record<keyof Queues, QueueFunction> = {
  inboundQueue: { name: 'fan-out-event', run: fanOutEvent },
  retryQueue: {
    name: 'retry-delivery',
    run: (services, message) =>
      retryDelivery(services, parseDeliveryReference(message), nextTraceparent(undefined)),
  },
  drainQueue: {
    name: 'drain-backlog',
    run: (services, message) => drainSubscription(services, parseDrainMessage(message)),
  },
  validationQueue: {
    name: 'validate-subscription',
    run: (services, message) => validate(services, parseValidationMessage(message)),
  },
  replayQueue: {
    name: 'replay-deliveries',
    run: (services, message) => replayPage(services, parseReplayMessage(message)),
  },
}

async function fanOutEvent(
  services: Services,
  message: unknown,
  dequeueCount: number,
): Promise<string> {
  const traceparent = nextTraceparent(undefined)
  const done = await fanOutMessage(services, parseInboundMessage(message), {
    dequeueCount,
    traceparent,
  })
  return done === undefined ? 'nothing to do' : `${done.subscribers} subscribers, ${done.outcome}`
}

/** A function with a timer trigger, every 30 s. */
export interface TimerFunction {
  name: FunctionName
  /** The container in which it looks for due documents. */
  container: 'events' | 'deliveries' | 'subscriptions'
  run: (services: Services, endMs: number) => Promise<number>
}

export const timerFunctions: TimerFunction[] = [
  {
    name: 'sweep-events',
    container: 'events',
    async run(services, endMs) {
      await services.inboundQueue.probe()
      return sweepEvents(services, endMs)
    },
  },
  {
    name: 'sweep-deliveries',
    container: 'deliveries',
    async run(services, endMs) {
      await services.retryQueue.probe()
      return sweepDeliveries(services, endMs)
    },
  },
  {
    name: 'sweep-subscriptions',
    container: 'subscriptions',
    async run(services, endMs) {
      let count = 0
      await runSequentially([
        async () => {
          await services.drainQueue.probe()
          count = await sweepSubscriptions(services, endMs)
        },
        () => sweepReplays(services),
      ])
      return count
    },
  },
]
