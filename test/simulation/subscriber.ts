import type { Answer } from '../../shared/webhooks/webhook-outcome.ts'
import type { Network } from './connection.ts'
import type { Process } from './process.ts'

/** How a subscriber's endpoint behaves from a moment on. */
export interface Behaviour {
  /** Virtual ms. */
  from: number
  kind:
    | 'well'
    | 'slow' // 3 to 8 s
    | 'flaky' // fails now and then
    | 'fails'
    | 'refuses' // no connection
    | 'hangs'
    | 'busy' // 429
    | 'unavailable' // 503 with Retry-After
    | 'overloaded' // fails while more than a few requests are open
    | 'picky' // fails for some events, always
    | 'gone' // 410
    | 'disables' // webhook-delivery: disable
  /** Seconds of Retry-After. */
  retryAfter?: number
}

/** A request that an endpoint has had. */
export interface Delivered {
  /** Virtual ms. */
  at: number
  /** The event that was sent, or the id of a validation. */
  event: string
  isValidation: boolean
  result: 'taken' | 'failed' | 'gone'
}

export type Subscriber = ReturnType<typeof createSubscriber>

const MAX_OPEN = 4 // what an overloaded endpoint bears

/** An endpoint that events are sent to, and what it has seen. */
export function createSubscriber(
  url: string,
  behaviours: readonly Behaviour[],
  { scheduler, random, faults }: Network,
  timeoutMs: number,
) {
  const requests: Delivered[] = []
  let open = 0

  const behaviour = (): Behaviour =>
    behaviours.findLast(({ from }) => from <= scheduler.now()) ?? { from: 0, kind: 'well' }

  /** What it does with a request, and after how long. */
  function react(event: string): { ms: number; answer: Reaction } {
    const { kind, retryAfter } = behaviour()
    const ms = random.between(5, 150)
    const after = retryAfter === undefined ? {} : { retryAfter: String(retryAfter) }
    const reactions = {
      well: () => ({ ms, answer: answered(200) }),
      slow: () => ({ ms: random.between(3000, 8000), answer: answered(200) }),
      flaky: () => ({ ms, answer: answered(random.chance(0.4) ? 500 : 202) }),
      fails: () => ({ ms, answer: answered(500) }),
      refuses: () => ({ ms, answer: failed('refused') }),
      hangs: () => ({ ms: timeoutMs, answer: failed('timeout') }),
      busy: () => ({ ms, answer: answered(429, after) }),
      unavailable: () => ({ ms, answer: answered(503, after) }),
      overloaded: () => ({ ms: ms * 5, answer: answered(open > MAX_OPEN ? 503 : 200) }),
      picky: () => ({ ms, answer: answered(event.endsWith('0') ? 500 : 200) }),
      gone: () => ({ ms, answer: answered(410) }),
      disables: () => ({ ms, answer: answered(204, { webhookDelivery: 'disable' }) }),
    } satisfies Record<Behaviour['kind'], () => { ms: number; answer: Reaction }>
    return reactions[kind]()
  }

  return {
    url,
    requests,
    behaviour,

    /** Takes a request from a process; the answer comes to it if it lives. */
    receive(process: Process, event: string, isValidation: boolean): Promise<Answer> {
      open++
      const { ms, answer } = react(event)
      const sentAt = scheduler.now()
      return new Promise((resolve) => {
        scheduler.after(ms, () => {
          open--
          requests.push({ at: scheduler.now(), event, isValidation, result: resultOf(answer) })
          const told = random.chance(faults.rate('webhook-loses-answer')) ? failed('reset') : answer
          process.defer(1, () => resolve({ ...told, ms: Math.round(scheduler.now() - sentAt) }))
        })
      })
    },
  }
}

type Reaction =
  | {
      kind: 'answered'
      status: number
      headers: { retryAfter?: string; webhookDelivery?: string }
      body: string
    }
  | { kind: 'failed'; reason: 'refused' | 'timeout' | 'reset'; detail: string }

const failed = (reason: 'refused' | 'timeout' | 'reset'): Reaction => ({
  kind: 'failed',
  reason,
  detail: reason,
})

const answered = (
  status: number,
  headers: { retryAfter?: string; webhookDelivery?: string } = {},
): Reaction => ({ kind: 'answered', status, headers, body: '' })

function resultOf(answer: Reaction): Delivered['result'] {
  if (answer.kind === 'failed') return 'failed'
  if (answer.status === 410) return 'gone'
  return answer.status < 300 ? 'taken' : 'failed'
}
