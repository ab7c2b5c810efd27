import { setTimeout as sleep } from 'node:timers/promises'
import { altinnToken, callers } from './tokens.ts'

const LIMIT_SECONDS = 20
const scope = 'altinn:serviceowner altinn:events.subscribe'

interface Filters {
  resourceFilter?: string
  typeFilter?: string
}

/**
 * Subscribes an endpoint to the events of the example app, as its owner; `filters` narrow them, or name another resource.
 * `api` and `issuer` are addresses. Returns the secret that signs its webhooks, once the subscription is validated; throws if the app refuses it
 * or it is not validated within 20 s.
 */
export async function subscribeExample(
  api: string,
  issuer: string,
  endPoint: string,
  filters: Filters = {},
): Promise<string> {
  const headers = {
    Authorization: `Bearer ${await altinnToken(issuer, { ...callers.org('ttd'), scope })}`,
    'Content-Type': 'application/json',
  }
  const resourceFilter = 'urn:altinn:resource:app_ttd_apps-test'
  const body = JSON.stringify({ endPoint, resourceFilter, ...filters })
  const answer = await fetch(`${api}/subscriptions`, { method: 'POST', headers, body })
  const { id, secret, detail } = Object(await answer.json())
  if (answer.status !== 201) throw new Error(`The receiver was not subscribed: ${detail}`)
  for (const end = Date.now() + LIMIT_SECONDS * 1000; Date.now() < end; await sleep(50)) {
    const read = await fetch(`${api}/subscriptions/${id}`, { headers })
    if (Object(await read.json()).validated === true) return String(secret)
  }
  throw new Error(`The subscription was not validated within ${LIMIT_SECONDS} s.`)
}
