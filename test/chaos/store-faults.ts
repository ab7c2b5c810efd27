import type { Fault, Plan, Refusal } from '../../local/fault-proxy.ts'
import type { Random } from './random.ts'

/** The answers of a store that is down. */
export const unavailable = {
  cosmos: cosmos(503, 'ServiceUnavailable', 'Service is currently unavailable.'),
  queue: storage(503, 'ServerBusy', 'The server is currently unable to receive requests.'),
}

/** Errors of Cosmos DB: https://learn.microsoft.com/rest/api/cosmos-db/http-status-codes-for-cosmosdb */
const cosmosAnswers: [Refusal, ...Refusal[]] = [
  cosmos(408, 'RequestTimeout', 'The operation did not complete within the allowed time.'),
  cosmos(449, 'RetryWith', 'The operation encountered a transient error: conflicting requests.'),
  cosmos(500, 'InternalServerError', 'An unexpected error occurred.'),
  unavailable.cosmos,
]

/** Errors of the queue service: https://learn.microsoft.com/rest/api/storageservices/queue-service-error-codes */
const queueAnswers: [Refusal, ...Refusal[]] = [
  storage(500, 'InternalError', 'The server encountered an internal error.'),
  storage(500, 'OperationTimedOut', 'The operation could not be completed in the permitted time.'),
  unavailable.queue,
]

/** The answer when the throughput is used up. The SDK waits for `ms`. */
const throttled = (ms: number): Refusal => {
  const refusal = cosmos(429, 'TooManyRequests', 'Request rate is large.')
  const headers = { 'x-ms-retry-after-ms': String(ms), 'x-ms-substatus': '3200' }
  return { ...refusal, headers: { ...refusal.headers, ...headers } }
}

/** Returns a plan in which the share of the requests to Cosmos DB meets a fault. */
export const cosmosFaults =
  (random: Random, share: () => number): Plan =>
  () =>
    random.chance(share())
      ? random.pick<Fault>([
          throttled(Math.round(random.between(5, 800))),
          ...cosmosAnswers,
          { delayMs: random.between(100, 3000) }, // the app gives up after 2 s, but the request is executed
          'cut before',
          'cut after',
        ])
      : undefined

/** Returns the same for the queues, where messages are also sent twice. */
export const queueFaults =
  (random: Random, share: () => number): Plan =>
  ({ method }) => {
    if (!random.chance(share())) return undefined
    const delay = { delayMs: random.between(100, 1500) } // the app gives up after 1 s
    const fault = random.pick<Fault>([...queueAnswers, delay, 'cut before', 'cut after', 'twice'])
    return fault === 'twice' && method !== 'POST' ? undefined : fault
  }

function cosmos(status: number, code: string, message: string): Refusal {
  return {
    status,
    headers: { 'x-ms-request-charge': '0.38' },
    body: JSON.stringify({ code, message }),
  }
}

function storage(status: number, code: string, message: string): Refusal {
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  }
}
