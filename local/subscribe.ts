import { setTimeout as sleep } from 'node:timers/promises'
import { altinnToken, callers } from './tokens.ts'

const LONGEST_SECONDS = 20

/**
 * Subscribes an endpoint to the events of the example app, as its owner, or to those that further `filters` let through,
 * and waits until it is validated. Gives the secret that its webhooks are signed with. `api` and `issuer` are addresses.
 */
export async function subscribeExample(
  api: string,
  issuer: string,
  endPoint: string,
  filters: { typeFilter?: string } = {},
): Promise<string> {
  const headers = {
    Authorization: `Bearer ${await altinnToken(issuer, callers.org('ttd'))}`,
    'Content-Type': 'application/json',
  }
  const resourceFilter = 'urn:altinn:resource:app_ttd_apps-test'
  const body = JSON.stringify({ endPoint, resourceFilter, ...filters })
  const answer = await fetch(`${api}/subscriptions`, { method: 'POST', headers, body })
  const { id, secret, detail } = Object(await answer.json())
  if (answer.status !== 201) throw new Error(`The receiver was not subscribed: ${detail}`)
  for (const end = Date.now() + LONGEST_SECONDS * 1000; Date.now() < end; await sleep(50)) {
    const read = await fetch(`${api}/subscriptions/${id}`, { headers })
    if (Object(await read.json()).validated === true) return String(secret)
  }
  throw new Error(`The subscription was not validated within ${LONGEST_SECONDS} s.`)
}
