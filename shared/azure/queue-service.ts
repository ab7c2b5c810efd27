import { createHmac, createSecretKey } from 'node:crypto'
import type { PipelinePolicy } from '@azure/core-rest-pipeline'
import type { Connection } from '../config.ts'
import { parseQueueConnection, type QueueConnection } from './queue-connection.ts'

const VERSION = '2021-12-02' // of the REST API
const SCOPE = 'https://storage.azure.com/.default'

interface QueueRequest {
  method: 'GET' | 'POST'
  /** Of the queue, and of what is in it. */
  path: string
  query: string
  body?: string
  abortSignal: AbortSignal
}
/** Sends one request, one try. Throws a `RestError` with the status unless the answer is a success. */
export type QueueService = (request: QueueRequest) => Promise<void>

/**
 * Opens the queue service without a call. The app makes two of its requests, so it makes them itself: the queue SDK takes
 * 1.0 ms of processor time for a message, this 0.3 (docs/decisions.md, 117). Retries are the callers'.
 */
export async function openQueueService(connection: Connection): Promise<QueueService> {
  const rest = await import('@azure/core-rest-pipeline')
  const { endpoint, signature, policies } = await authorizationOf(connection)
  const client = rest.createDefaultHttpClient()
  const pipeline = rest.createEmptyPipeline()
  for (const policy of policies) pipeline.addPolicy(policy)
  return async ({ path, query, body, ...request }) => {
    const response = await pipeline.sendRequest(
      client,
      rest.createPipelineRequest({
        ...request,
        url: `${endpoint}/${path}?${[query, ...signature].join('&')}`,
        headers: rest.createHttpHeaders({
          'x-ms-version': VERSION,
          ...(body !== undefined && { 'content-type': 'application/xml' }),
        }),
        ...(body !== undefined && { body }),
        allowInsecureConnection: true, // an emulator's; a token is never sent over it
      }),
    )
    if (response.status < 300) return
    const code = response.headers.get('x-ms-error-code') ?? 'no code'
    throw new rest.RestError(`${path} answered ${response.status}, ${code}`, {
      code,
      statusCode: response.status,
    })
  }
}

async function authorizationOf(connection: Connection) {
  if ('connectionString' in connection) {
    const { endpoint, account, signature } = parseQueueConnection(connection.connectionString)
    return {
      endpoint,
      signature: account || signature === undefined ? [] : [signature],
      policies: account ? [signWithKey(account)] : [],
    }
  }
  const [{ bearerTokenAuthenticationPolicy }, { openCredential }] = await Promise.all([
    import('@azure/core-rest-pipeline'),
    import('./identity.ts'),
  ])
  const credential = await openCredential(connection.clientId)
  return {
    endpoint: connection.endpoint.replace(/\/+$/, ''),
    signature: [],
    policies: [bearerTokenAuthenticationPolicy({ credential, scopes: SCOPE })],
  }
}

/** Signs by Shared Key Lite: https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
function signWithKey({ name, key }: NonNullable<QueueConnection['account']>): PipelinePolicy {
  const secret = createSecretKey(key)
  return {
    name: 'sharedKeyLite',
    sendRequest(request, next) {
      const { pathname, searchParams } = new URL(request.url)
      const { headers, method } = request
      const date = new Date().toUTCString()
      const part = searchParams.get('comp')
      const text = [
        method,
        '', // no Content-MD5
        headers.get('content-type') ?? '',
        '', // no Date, but x-ms-date
        `x-ms-date:${date}`,
        `x-ms-version:${VERSION}`,
        `/${name}${pathname}${part === null ? '' : `?comp=${part}`}`,
      ].join('\n')
      headers.set('x-ms-date', date)
      const signature = createHmac('sha256', secret).update(text).digest('base64')
      headers.set('authorization', `SharedKeyLite ${name}:${signature}`)
      return next(request)
    },
  }
}
