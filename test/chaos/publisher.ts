import { setTimeout as sleep } from 'node:timers/promises'
import { Agent, request } from 'undici'
import { clientBody, clientHeaders } from '../../local/example.ts'
import { altinnToken, callers, platformToken } from '../../local/tokens.ts'
import type { PlannedEvent } from './plan.ts'

const TIMEOUT_MS = 20_000 // to answer: twice the app's own budget
const PAUSE_MS = 500
const KEYED_TRIES = 40
const TOKEN_SECONDS = 4 * 3600

/** An event that the app has answered 201 for, and when: ms of the epoch. */
export interface Accepted {
  id: string
  at: number
  type: string
}

/** What publishing has come to. */
interface Published {
  accepted: Accepted[]
  /** Events that got no 201. */
  refused: PlannedEvent[]
  /** How often each status was answered, `none` where there was no answer. */
  answers: Record<string, number>
  /** Events whose key was answered with a second id. */
  duplicateKeys: number
  /** The longest wait for anything but a 201, in ms. */
  slowestRefusal: number
  /** 503s that do not say when to try again. */
  missingRetryAfter: number
}

interface Attempt {
  status: number | 'none'
  id: string
}

/** A publisher with the real client's bytes; `api` returns the address of the host for a turn. */
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
      return { status: 'none' as const, id: '', hasRetryAfter: false } // killed, or out of time
    }
  }
  return {
    published,
    /** Publishes one event: once, as the real client, or with a key until it is accepted. */
    async publish(event: PlannedEvent): Promise<void> {
      for (let left = event.key === undefined ? 1 : KEYED_TRIES; left > 0; left--) {
        const { status, id } = await send(event)
        if (status === 201) {
          published.accepted.push({ id, at: Date.now(), type: event.type })
          if (event.isRepeated) await resend(event, id)
          return
        }
        if (left > 1) await sleep(PAUSE_MS)
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
