import type { IncomingMessage, ServerResponse } from 'node:http'
import { json } from 'node:stream/consumers'
import { altinnToken, callerClaims, platformToken, type WantedCaller } from './tokens.ts'

const HOUR = 3600
const PATH = '/events/api/v1/console/local.json'

/**
 * Returns what answers the console when it asks the local stack for a token, at an address of its own site that no deployed
 * app has: `GET` says that there are tokens, `POST` with whom they are to name gives one, for an hour. An app's platform
 * access token comes with it where `app` is named.
 */
export function createSignIn(issuer: string, receiver?: string) {
  const stack = receiver === undefined ? {} : { receiver: `${receiver}/console` }
  const answer = async (request: IncomingMessage): Promise<object> =>
    request.method === 'POST' ? tokensFor(issuer, Object(await json(request))) : stack
  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.url !== PATH) return false
    void answer(request).then(
      (body) => respond(response, 200, body),
      (error: Error) => respond(response, 400, { detail: error.message }),
    )
    return true
  }
}

async function tokensFor(issuer: string, wanted: WantedCaller): Promise<object> {
  const { org, app } = wanted
  return {
    token: await altinnToken(issuer, callerClaims(wanted), HOUR),
    ...(org !== undefined &&
      app !== undefined && { platformAccessToken: await platformToken(issuer, org, app, HOUR) }),
  }
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
