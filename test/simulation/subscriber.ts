import type { Answer } from '../../shared/webhooks/webhook-outcome.ts'
import type { Network } from './connection.ts'
import type { Process } from './process.ts'

/** How a subscriber's endpoint behaves from a time on. */
export interface Behaviour {
  /** Virtual ms. */
  from: number
  kind:
    | 'healthy'
    | 'slow' // 3 to 8 s
    | 'flaky' // fails 40 % of the requests
    | 'fails'
    | 'refuses' // no connection
    | 'hangs'
    | 'busy' // 429
    | 'unavailable' // 503 with Retry-After
    | 'overloaded' // fails while more than MAX_OPEN requests are open
    | 'picky' // always fails for the same events
    | 'gone' // 410
    | 'disables' // webhook-delivery: disable
  /** The Retry-After header, in seconds. */
  retryAfter?: number
}

/** A request that an endpoint has received. */
export interface ReceivedRequest {
  /** Virtual ms. */
  at: number
  /** The id of the event, or of the validation event. */
  event: string
  isValidation: boolean
  result: 'succeeded' | 'failed' | 'gone'
}

/** Called when a request with an event begins. */
type BeginListener = (event: string, sequence: number | undefined) => void

export type Subscriber = ReturnType<typeof createSubscriber>

const MAX_OPEN = 4

/** A webhook endpoint that records its requests. */
export function createSubscriber(
  url: string,
  behaviours: readonly Behaviour[],
  { scheduler, random, faults }: Network,
  timeoutMs: number,
) {
  const requests: ReceivedRequest[] = []
  const listeners: BeginListener[] = []
  let openRequests = 0

  const behaviour = (): Behaviour =>
    behaviours.findLast(({ from }) => from <= scheduler.now()) ?? { from: 0, kind: 'healthy' }

  /** Returns the answer to a request, and the ms until it comes. */
  function answerTo(event: string): { ms: number; answer: UntimedAnswer } {
    const { kind, retryAfter } = behaviour()
    const ms = random.between(5, 150)
    const headers = retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }
    const answers = {
      healthy: () => ({ ms, answer: answered(200) }),
      slow: () => ({ ms: random.between(3000, 8000), answer: answered(200) }),
      flaky: () => ({ ms, answer: answered(random.chance(0.4) ? 500 : 202) }),
      fails: () => ({ ms, answer: answered(500) }),
      refuses: () => ({ ms, answer: failed('refused') }),
      hangs: () => ({ ms: timeoutMs, answer: failed('timeout') }),
      busy: () => ({ ms, answer: answered(429, headers) }),
      unavailable: () => ({ ms, answer: answered(503, headers) }),
      overloaded: () => ({ ms: ms * 5, answer: answered(openRequests > MAX_OPEN ? 503 : 200) }),
      picky: () => ({ ms, answer: answered(event.endsWith('0') ? 500 : 200) }),
      gone: () => ({ ms, answer: answered(410) }),
      disables: () => ({ ms, answer: answered(204, { webhookDelivery: 'disable' }) }),
    } satisfies Record<Behaviour['kind'], () => { ms: number; answer: UntimedAnswer }>
    return answers[kind]()
  }

  return {
    url,
    requests,
    behaviour,

    onBegin: (listener: BeginListener): void => void listeners.push(listener),

    /** Receives a request. Resolves with the answer only while the process is alive. */
    receive(
      process: Process,
      event: string,
      isValidation: boolean,
      sequence?: number,
    ): Promise<Answer> {
      openRequests++
      if (!isValidation) for (const listener of listeners) listener(event, sequence)
      const { ms, answer } = answerTo(event)
      const sentAt = scheduler.now()
      return new Promise((resolve) => {
        scheduler.after(ms, () => {
          openRequests--
          requests.push({ at: scheduler.now(), event, isValidation, result: resultOf(answer) })
          const isLost = random.chance(faults.rate('webhook-loses-answer'))
          const seen = isLost ? failed('reset') : answer
          process.defer(1, () => resolve({ ...seen, ms: Math.round(scheduler.now() - sentAt) }))
        })
      })
    },
  }
}

type UntimedAnswer =
  | {
      kind: 'answered'
      status: number
      headers: { retryAfter?: string; webhookDelivery?: string }
      body: string
    }
  | { kind: 'failed'; reason: 'refused' | 'timeout' | 'reset'; detail: string }

const failed = (reason: 'refused' | 'timeout' | 'reset'): UntimedAnswer => ({
  kind: 'failed',
  reason,
  detail: reason,
})

const answered = (
  status: number,
  headers: { retryAfter?: string; webhookDelivery?: string } = {},
): UntimedAnswer => ({ kind: 'answered', status, headers, body: '' })

function resultOf(answer: UntimedAnswer): ReceivedRequest['result'] {
  if (answer.kind === 'failed') return 'failed'
  if (answer.status === 410) return 'gone'
  return answer.status < 300 ? 'succeeded' : 'failed'
}
