import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

const OPENID = '/openid'

/** A server of key sets whose keys are in the test's hands: what each path answers can change at any time. */
export async function startKeyServer({ port = 0 } = {}) {
  const answers = new Map<string, (response: ServerResponse) => void>()
  const requestedPaths: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    requestedPaths.push(path)
    const answer = answers.get(path) ?? (() => response.writeHead(404).end('{}'))
    answer(response)
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  const url = `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : port}`
  const answer = (path: string, body: unknown, status = 200) =>
    answers.set(path, (response) => response.writeHead(status).end(JSON.stringify(body)))
  answer(OPENID, { issuer: `${url}/`, jwks_uri: `${url}/altinn/jwks` })
  return {
    url,
    /** The path of every request, in order. */
    requestedPaths: requestedPaths,
    answers,
    answer,
    /** Publishes the keys of `altinn`, or of the platform issuer of that name. */
    serve: (issuer: string, ...keys: { jwk: object }[]) =>
      answer(`/${issuer}/jwks`, { keys: keys.map(({ jwk }) => jwk) }),
    settings: {
      ALTINN_OPENID_CONFIGURATION_URL: `${url}${OPENID}`,
      PLATFORM_TOKEN_JWKS_URL: `${url}/{issuer}/jwks`,
    },
    stop: async (): Promise<void> => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
