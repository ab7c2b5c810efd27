import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline'

/**
 * Wraps the HTTP client of the Cosmos SDK so that it returns only responses that Cosmos DB can have sent. The SDK takes a
 * redirect or an empty 200 for success, and fails on a gateway's HTML page with a TypeError. Such a response becomes a
 * 500: the call may have had its effect.
 */
export const validateResponses = (client: HttpClient): HttpClient => ({
  async sendRequest(request) {
    const response = await client.sendRequest(request)
    return isOfCosmos(request, response) ? response : asServerError(response)
  },
})

function isOfCosmos(
  { method }: PipelineRequest,
  { status, bodyAsText }: PipelineResponse,
): boolean {
  if (status === 304) return true // an unchanged feed
  if (status === 204) return method === 'DELETE'
  return (status < 300 || status >= 400) && isJsonObject(bodyAsText?.trim() ?? '')
}

/** Checks only both ends: the SDK parses the text, and Node.js rejects a truncated body. */
const isJsonObject = (text: string): boolean => text.startsWith('{') && text.endsWith('}')

function asServerError(response: PipelineResponse): PipelineResponse {
  const type = response.headers.get('content-type') ?? 'no content type'
  const message = `Not a response of Cosmos DB: ${response.status}, ${type}`
  return { ...response, status: 500, bodyAsText: JSON.stringify({ code: 'Unreadable', message }) }
}
