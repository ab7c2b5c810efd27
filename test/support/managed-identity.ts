import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { authorization } from '../../local/emulators/cosmos-signature.ts'

/** How the identity endpoint of a host answers. Its tokens expire at once, so that each request needs a new one. */
export type IdentityFault = { status: number; body?: string } | 'hang' | undefined

const certificates = path.join(import.meta.dirname, 'certificates')
const certificate = path.join(certificates, 'store.certificate.pem')
const TOKEN = 'the-token-of-the-identity'
const CLIENT_ID = 'the-client-id'

/** Starts the identity endpoint of an App Service host, and a Cosmos DB account that takes its tokens, by TLS. */
export async function startManagedIdentity(connection: string) {
  const asked: string[] = []
  const state: { fault: IdentityFault } = { fault: undefined }
  const identity = createServer((request, response) => {
    asked.push(request.url ?? '')
    answerIdentity(request, response, state.fault)
  })
  const account = createTlsServer(
    {
      key: await readFile(path.join(certificates, 'store.test-key.pem')),
      cert: await readFile(certificate),
    },
    (incoming, answer) =>
      void answerAccount(connection, incoming, answer).catch(() => answer.destroy()),
  )
  const servers = [identity, account]
  for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  const portOf = (server: typeof identity | typeof account) => Object(server.address()).port
  return {
    asked,
    fail: (fault: IdentityFault) => void (state.fault = fault),
    settings: {
      Cosmos: '',
      Cosmos__accountEndpoint: `https://127.0.0.1:${portOf(account)}/`,
      Cosmos__credential: 'managedidentity',
      Cosmos__clientId: CLIENT_ID,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${portOf(identity)}/msi/token`,
      IDENTITY_HEADER: 'the-header',
      NODE_EXTRA_CA_CERTS: certificate,
    },
    stop: () =>
      Promise.all(
        servers.map(async (server) => {
          server.close().closeAllConnections()
          await once(server, 'close')
        }),
      ),
  }
}

function answerIdentity(
  request: IncomingMessage,
  response: ServerResponse,
  fault: IdentityFault,
): void {
  if (fault === 'hang') return
  if (fault !== undefined) return void response.writeHead(fault.status).end(fault.body ?? '')
  const { searchParams } = new URL(request.url ?? '', 'http://identity')
  const isRight =
    request.headers['x-identity-header'] === 'the-header' &&
    searchParams.get('client_id') === CLIENT_ID
  const token = {
    access_token: TOKEN,
    expires_on: Math.floor(Date.now() / 1000) + 2,
    resource: searchParams.get('resource'),
    token_type: 'Bearer',
  }
  response
    .writeHead(isRight ? 200 : 400, { 'content-type': 'application/json' })
    .end(JSON.stringify(token))
}

const emulatorOf = (connection: string): number =>
  Number(/AccountEndpoint=http:\/\/127\.0\.0\.1:(\d+)/.exec(connection)?.[1])

/** Forwards what has the identity's token to the emulator, signed by its key. Answers in the emulator's name. */
async function answerAccount(
  connection: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
): Promise<void> {
  const { method = '', url = '', headers } = incoming
  const body = await buffer(incoming)
  if (decodeURIComponent(headers.authorization ?? '') !== `type=aad&ver=1.0&sig=${TOKEN}`)
    return void answer
      .writeHead(401)
      .end('{"code":"Unauthorized","message":"no token of the identity"}')
  const segments = (url.split('?')[0] ?? '')
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent)
  const date = new Date().toUTCString() // who has a token sends none
  const signed = {
    ...headers,
    'x-ms-date': date,
    authorization: authorization({ method, segments, date }),
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  ask(
    { host: '127.0.0.1', port: emulatorOf(connection), method, path: url, headers: signed },
    resolve,
  )
    .on('error', reject)
    .end(body)
  const reply = await promise
  const { 'content-length': _length, ...others } = reply.headers
  const text = (await buffer(reply)).toString()
  answer
    .writeHead(reply.statusCode ?? 502, others)
    .end(segments.length === 0 ? text.replaceAll('http://', 'https://') : text)
}
