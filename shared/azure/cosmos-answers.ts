import type { HttpClient, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline'

/**
 * Returns an HTTP client for the Cosmos SDK that hands it only answers that Cosmos DB can have given. The SDK by itself takes
 * a redirect or an empty 200 for success, and fails on the page of a gateway with an error of its parser. Such an answer
 * becomes a 500: the call may have had its effect.
 */
export const cosmosAnswersOnly = (client: HttpClient): HttpClient => ({
  async sendRequest(request) {
    const response = await client.sendRequest(request)
    return isOfCosmos(request, response) ? response : unreadable(response)
  },
})

function isOfCosmos(
  { method }: PipelineRequest,
  { status, bodyAsText }: PipelineResponse,
): boolean {
  if (status === 304) return true // of a list that has not changed
  if (status === 204) return method === 'DELETE'
  return (status < 300 || status >= 400) && isJsonObject(bodyAsText?.trim() ?? '')
}

/** By its ends: the SDK parses it, and Node.js lets no cut body through. */
const isJsonObject = (text: string): boolean => text.startsWith('{') && text.endsWith('}')

function unreadable(response: PipelineResponse): PipelineResponse {
  const message = `No answer of Cosmos DB: ${response.status}, ${response.headers.get('content-type') ?? 'no content type'}`
  return { ...response, status: 500, bodyAsText: JSON.stringify({ code: 'Unreadable', message }) }
}
