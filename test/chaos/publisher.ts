import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { clientBody, clientHeaders } from '../../local/example.ts'
import { altinnToken, callers, platformToken } from '../../local/tokens.ts'
import type { PlannedEvent } from './plan.ts'

const TIMEOUT_MS = 20_000 // twice the app's budget for an answer
const RETRY_AFTER_MS = 500
const MAX_KEYED_ATTEMPTS = 40
const TOKEN_SECONDS = 4 * 3600

/** An event that was answered with 201, and when (epoch ms). */
export interface Accepted {
  id: string
  at: number
  type: string
}

/** The results of a publisher. */
interface Published {
  accepted: Accepted[]
  /** Events without a 201. */
  refused: PlannedEvent[]
  /** The number of answers by status, `none` without an answer. */
  answers: Record<string, number>
  /** Idempotency keys that were answered with a second id. */
  duplicateKeys: number
  /** The longest ms until an answer other than 201. */
  slowestRefusal: number
  /** 503s without Retry-After. */
  missingRetryAfter: number
}

interface Attempt {
  status: number | 'none'
  id: string
}

/** Creates a publisher with the requests of the real client. `api` returns the address of the host for a turn. */
export async function createPublisher(api: (turn: number) => string, issuer: string) {
  const dispatcher = new Agent({ connections: 32, pipelining: 1 })
  const headers = clientHeaders(
    await altinnToken(issuer, callers.org('ttd'), TOKEN_SECONDS),
    await platformToken(issuer, 'ttd', 'apps-test', TOKEN_SECONDS),
  )
  const published: Published = {
    accepted: [],
    refused: [],
    answers: {},
    duplicateKeys: 0,
    slowestRefusal: 0,
    missingRetryAfter: 0,
  }
  let turn = 0

  async function send({ type, data, key }: PlannedEvent): Promise<Attempt> {
    const began = performance.now()
    const answer = await post({ type, data }, key)
    published.answers[answer.status] = (published.answers[answer.status] ?? 0) + 1
    const ms = performance.now() - began
    if (answer.status !== 201) published.slowestRefusal = Math.max(published.slowestRefusal, ms)
    if (answer.status === 503 && !answer.hasRetryAfter) published.missingRetryAfter++
    return answer
  }
  async function post(event: { type: string; data: string | undefined }, key?: string) {
    try {
      const answer = await request(`${api(turn++)}/app`, {
        method: 'POST',
        headers: { ...headers, ...(key !== undefined && { 'Idempotency-Key': key }) },
        body: clientBody(event),
        dispatcher,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      const text = await answer.body.text()
      const id = answer.statusCode === 201 ? String(JSON.parse(text)) : ''
      return {
        status: answer.statusCode,
        id,
        hasRetryAfter: answer.headers['retry-after'] !== undefined,
      }
    } catch {
      return { status: 'none' as const, id: '', hasRetryAfter: false } // a killed host, or a timeout
    }
  }
  return {
    published,
    /** Publishes an event: without a key once, as the real client; with a key up to 40 times until it is accepted. */
    async publish(event: PlannedEvent): Promise<void> {
      for (let left = event.key === undefined ? 1 : MAX_KEYED_ATTEMPTS; left > 0; left--) {
        const { status, id } = await send(event)
        if (status === 201) {
          published.accepted.push({ id, at: Date.now(), type: event.type })
          if (event.isRepeated) await resend(event, id)
          return
        }
        if (left > 1) await sleep(RETRY_AFTER_MS)
      }
      published.refused.push(event)
    },
    close: () => dispatcher.close(),
  }

  async function resend(event: PlannedEvent, first: string): Promise<void> {
    const { status, id } = await send(event)
    if (status === 201 && id !== first) published.duplicateKeys++
  }
}
