import { once } from 'node:events'
import { connect } from 'node:net'

/**
 * Opens a keep-alive connection. Returns a function that sends one request, and throws unless the response has `status`.
 * It parses only the status and the end of a response: a full HTTP client would use more CPU than the app.
 */
export async function openConnection(url: URL, request: Buffer, status: number) {
  const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await once(socket, 'connect')
  const expected = `HTTP/1.1 ${status} `
  let pending = Promise.withResolvers<void>()
  let answer = ''

  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk
    if (!isComplete(answer)) return
    if (answer.startsWith(expected)) pending.resolve()
    else pending.reject(new Error(`The app answered:\n${answer}`))
  })
  const broken = (error?: unknown) =>
    pending.reject(new Error('The app closed a connection.', { cause: error }))
  socket.on('error', broken).on('close', broken)

  /** Sends the request. Resolves when the response is complete. */
  return (): Promise<void> => {
    pending = Promise.withResolvers()
    answer = ''
    socket.write(request)
    return pending.promise
  }
}

/** Whether a response is complete: by its Content-Length or, when chunked, by an empty chunk. */
function isComplete(answer: string): boolean {
  const head = answer.indexOf('\r\n\r\n')
  if (head < 0) return false
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer.slice(0, head))?.[1]
  return length === undefined
    ? answer.endsWith('\r\n0\r\n\r\n')
    : answer.length >= head + 4 + Number(length)
}
