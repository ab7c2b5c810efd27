import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import jwt from 'jsonwebtoken'
import { listen } from './listen.ts'

/** The attributes of a question by their ids, as lists: an attribute may come twice. */
export interface Question {
  subject: Record<string, string[]>
  action: Record<string, string[]>
  resource: Record<string, string[]>
}

/** How the policy decision point answers: a decision, or anything else. */
export type Answer = 'Permit' | 'Deny' | 'NotApplicable' | ((response: ServerResponse) => void)

const SCOPE = 'altinn:authorization/authorize'
const KEY = 'local-subscription-key'
const client = { id: 'local-client', key: 'local-key' }
const MAX_GRANT_SECONDS = 120

export type PolicyDecisionPoint = Awaited<ReturnType<typeof startPolicyDecisionPoint>>

/**
 * Starts stand-ins, on loopback, for Altinn's policy decision point, for the exchange of tokens before it, and for Maskinporten.
 * They check what the real ones would: the grant's signature and claims, each token and the subscription key. `decide` answers
 * what is asked; it permits everything unless it is replaced. Never deploy it.
 */
export async function startPolicyDecisionPoint({ port = 0, tokenSeconds = 1800 } = {}) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issued = { maskinporten: new Set<string>(), altinn: new Set<string>() }
  const requests = { tokens: 0, exchanges: 0 }
  const questions: Question[] = []
  const point = { decide: (_question: Question): Answer => 'Permit', isTokenServerDown: false }

  function tokenOf(kind: keyof typeof issued): string {
    const token = jwt.sign({ scope: SCOPE, jti: randomUUID() }, privateKey, {
      algorithm: 'RS256',
      expiresIn: tokenSeconds,
    })
    issued[kind].add(token)
    return token
  }
  function grantToken(body: string, origin: string): string {
    const form = new URLSearchParams(body)
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      throw new Error('unsupported_grant_type')
    const assertion = form.get('assertion') ?? ''
    const { header, payload } = jwt.verify(assertion, publicKey, {
      algorithms: ['RS256'],
      audience: `${origin}/`,
      issuer: client.id,
      complete: true,
    })
    const { scope, iat = 0, exp = Infinity } = Object(payload)
    if (header.kid !== client.key || scope !== SCOPE || exp - iat > MAX_GRANT_SECONDS)
      throw new Error('invalid_grant')
    return tokenOf('maskinporten')
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const [, bearer = ''] = (request.headers.authorization ?? '').split(' ')
    const hasKey = request.headers['ocp-apim-subscription-key'] === KEY
    switch (`${request.method} ${request.url}`) {
      case 'POST /token':
        requests.tokens++
        if (point.isTokenServerDown) return send(response, 503, '{}')
        return send(
          response,
          200,
          JSON.stringify({ access_token: grantToken(body, `http://${request.headers.host}`) }),
        )
      case 'GET /authentication/api/v1/exchange/maskinporten':
        requests.exchanges++
        if (!hasKey || !issued.maskinporten.has(bearer)) return send(response, 401, '')
        return send(response, 200, tokenOf('altinn'))
      case 'POST /authorization/api/v1/authorize': {
        if (!hasKey || !issued.altinn.has(bearer)) return send(response, 401, '')
        const question = questionIn(body)
        questions.push(question)
        const given = point.decide(question)
        if (typeof given === 'function') return given(response)
        return send(response, 200, decisionResponse(given))
      }
      default:
        send(response, 404, '')
    }
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => send(response, 400, error.message))
  })
  const { url, stop } = await listen(server, port)
  return {
    url,
    point,
    /** What was asked, in order. */
    questions,
    requests,
    /** The settings that have an app ask this policy decision point. */
    settings: {
      ALTINN_AUTHORIZATION_URL: url,
      ALTINN_SUBSCRIPTION_KEY: KEY,
      MASKINPORTEN_TOKEN_URL: `${url}/token`,
      MASKINPORTEN_CLIENT_ID: client.id,
      MASKINPORTEN_KEY_ID: client.key,
      MASKINPORTEN_CLIENT_JWK: JSON.stringify(privateKey.export({ format: 'jwk' })),
    },
    stop,
  }
}

/** Returns a response with one decision (JSON Profile of XACML 3.0 §5), and members of its result. */
export const decisionResponse = (decision: string, more: object = {}): string =>
  JSON.stringify({ Response: [{ Decision: decision, ...more }] })

function questionIn(body: string): Question {
  const { Request } = JSON.parse(body)
  return {
    subject: attributesIn(Request.AccessSubject),
    action: attributesIn(Request.Action),
    resource: attributesIn(Request.Resource),
  }
}

function attributesIn(categories: { Attribute: { AttributeId: string; Value: string }[] }[]) {
  if (categories.length !== 1) throw new Error('one category of each kind')
  const found: Record<string, string[]> = {}
  for (const { AttributeId, Value } of categories.flatMap(({ Attribute }) => Attribute))
    found[AttributeId] = [...(found[AttributeId] ?? []), Value]
  return found
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}
