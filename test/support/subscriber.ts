import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { altinnToken, callers } from '../../local/tokens.ts'
import type { Attempt } from '../../shared/webhooks/webhook-outcome.ts'
import type { startApp } from './app.ts'
import { assertProblemBody } from './problems.ts'
import { eventually, setting, unlessBusy } from './stores.ts'

export type App = Awaited<ReturnType<typeof startApp>>

const maskinporten = { scope: 'altinn:events.subscribe', token_type: 'Bearer' }
/** One caller of each kind, with the claims that the real issuer writes (altinn-contract §3). */
export const callerClaims = {
  ttd: callers.org('ttd'),
  skd: callers.org('skd', '974761076'),
  user: callers.user(20001, 50019855, '01017512345'),
  otherUser: callers.user(20002, 50019856, '02017512345'),
  systemUser: callers.systemUser('312345678'),
  organisation: callers.organisation('912345678'),
  nobody: maskinporten,
}

/** An Altinn token with these claims, from the shared issuer. */
export const mintToken = (claims: object, seconds?: number): Promise<string> =>
  altinnToken(setting('TEST_ISSUER'), claims, seconds)

/** A subscription as its owner sees it; the secret only when it has been made. */
export interface Subscription {
  id: number
  endPoint: string
  resourceFilter: string
  consumer: string
  validated: boolean
  validationFailure?: { reason: string; at: string }
  circuit: CircuitResource
  counts?: { waiting: string; dead: string }
  latest?: { event: string; state: string; at: string }
  secret?: string
}

/** How deliveries to a subscriber go, as its owner sees it; `waiting` only where one subscription is read. */
export interface CircuitResource {
  state: string
  failingSince?: string
  until?: string
  reason?: string
  since?: string
  waiting?: string
}

/** A delivery as the owner of its subscription sees it. */
export interface DeliveryRecord {
  event: string
  resource: string
  subject?: string
  acceptedAt: string
  state: string
  run: number
  attempts: Attempt[]
  reason?: string
  due?: string
}

/** A replay as the owner of its subscription sees it. */
export interface Replay {
  id: string
  state: string
  examined: number
  sent: number
}

/** Like `eventually`, but polls every 150 ms: each poll costs the app time. */
export const eventuallyByApi = <T>(
  what: string,
  find: () => Promise<T | undefined | false>,
  seconds = 20,
): Promise<T> =>
  eventually(
    what,
    async () => {
      await sleep(150)
      return find()
    },
    seconds,
  )

/** Calls the subscriptions API with a token, or with none. */
export function createSubscriptionsClient({ api }: Pick<App, 'api'>, token?: string) {
  const call = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${api}/subscriptions${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })

  /** The JSON of an answer that must have this status. */
  async function requestJson(status: number, method: string, path: string, body?: unknown) {
    const ask = () => call(method, path, body)
    const answer = await (status === 503 ? ask() : unlessBusy(ask))
    const text = await answer.text()
    assert.equal(answer.status, status, `${method} ${path}: ${text}`)
    return Object(text === '' ? {} : JSON.parse(text))
  }

  const subscribe = (request: object): Promise<Subscription> =>
    requestJson(201, 'POST', '', request)
  const read = (id: number): Promise<Subscription> => requestJson(200, 'GET', `/${id}`)
  /** Looks into the list: that takes the app one query, and the subscription itself, with its counts, six. */
  async function isListedAsValidated(id: number): Promise<boolean> {
    const answer = await call('GET', `?after=${id - 1}&size=1`)
    if (answer.status === 404) return true // not all apps under test have the list
    if (answer.status === 503) return false // a busy machine
    assert.equal(answer.status, 200)
    const { subscriptions }: { subscriptions: Subscription[] } = Object(await answer.json())
    return subscriptions.some((each) => each.id === id && each.validated)
  }
  const validated = (id: number, seconds?: number): Promise<Subscription> =>
    eventuallyByApi(
      `subscription ${id} validated`,
      async () => {
        const found = (await isListedAsValidated(id)) && (await read(id))
        return found !== false && found.validated && found
      },
      seconds,
    )
  return {
    call,
    requestJson,
    subscribe,
    read,
    validated,
    /** Subscribes and waits until the endpoint has answered the validation event. */
    async subscribed(request: object): Promise<Subscription> {
      const made = await subscribe(request)
      await validated(made.id)
      return made
    },
    deliveries: (
      id: number,
      query = '',
    ): Promise<{ deliveries: DeliveryRecord[]; next?: string }> =>
      requestJson(200, 'GET', `/${id}/deliveries${query}`),
    /** Starts a replay, of all events of the last hour unless it says otherwise. */
    replay: (id: number, request: object): Promise<Replay> =>
      requestJson(202, 'POST', `/${id}/replay`, { from: minutesAgo(60), ...request }),
    replayDone: (id: number, seconds = 20): Promise<Replay> =>
      eventuallyByApi(
        `replay of ${id} done`,
        async () => {
          const replay: Replay = await requestJson(200, 'GET', `/${id}/replay`)
          return replay.state !== 'running' && replay
        },
        seconds,
      ),
  }
}

export const minutesAgo = (minutes: number): string =>
  new Date(Date.now() - minutes * 60_000).toISOString()

/** Asserts that an answer is a problem (RFC 9457) of that status. Returns its `detail`. */
export const assertProblem = async (answer: Response, expected: number): Promise<string> =>
  (await assertProblemBody(answer, expected)).detail
