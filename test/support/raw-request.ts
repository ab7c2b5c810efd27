import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { checked } from './checked-fetch.ts'

/** Sends exactly these headers, repeated ones too and none added but Host and Connection: fetch would not. */
export async function sendRaw(
  url: string,
  headers: [name: string, value: string][],
  body: string | Uint8Array = '',
): Promise<Response> {
  const flat = [['Host', new URL(url).host], ['Connection', 'close'], ...headers].flat()
  const outgoing = request(url, { method: 'POST', headers: flat, agent: false })
  outgoing.end(body)
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (incoming === undefined) throw new Error('There is no answer.')
  const given = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  )
  const bytes = await buffer(incoming)
  const answer = new Response(new Uint8Array(bytes), {
    status: incoming.statusCode ?? 0,
    headers: given,
  })
  return checked('POST', url, answer)
}
