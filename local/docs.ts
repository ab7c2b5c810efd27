import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { docsPage, type Tokens } from './docs-page.ts'
import { altinnToken, callers, platformToken } from './tokens.ts'
import { listen } from './listen.ts'

const HOUR = 3600

/**
 * Serves the description of the API as a page that also calls the app: the server passes on what the page asks for at its
 * own address. `app` and `issuer` are addresses; with an issuer the page has tokens of the example app, valid for an hour.
 */
export async function startDocs({ port, app, issuer }: Addresses) {
  const page = async (response: ServerResponse) => {
    const tokens = issuer === undefined ? {} : await exampleTokens(issuer)
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(docsPage(tokens))
  }
  const server = createServer((incoming, response) => {
    const answered = incoming.url === '/' ? page(response) : forward(app, incoming, response)
    void answered.catch(() => response.destroy())
  })
  return listen(server, port)
}

interface Addresses {
  port: number
  app: string
  issuer: string | undefined
}

async function exampleTokens(issuer: string): Promise<Tokens> {
  const [altinn, platform] = await Promise.all([
    altinnToken(issuer, callers.org('ttd'), HOUR),
    platformToken(issuer, 'ttd', 'apps-test', HOUR),
  ])
  return { altinnToken: altinn, platformAccessToken: platform }
}

async function forward(app: string, incoming: IncomingMessage, response: ServerResponse) {
  const { method, url = '', headers } = incoming
  const outgoing = request(new URL(url, app), { method, headers })
  const answered = once(outgoing, 'response')
  await pipeline(incoming, outgoing)
  const [answer]: IncomingMessage[] = await answered
  if (answer === undefined) return
  response.writeHead(answer.statusCode ?? 502, answer.headers)
  await pipeline(answer, response)
}
