import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const HUGE = 100_000_000
const PART = Buffer.alloc(65_536, ' ')

interface Upload {
  socket: Socket
  /** Sends a part of the body. Returns false when the socket's buffer is full. */
  write: (part: Uint8Array | string) => boolean
}
/** Sends a body. Returns undefined, or the outcome when it is not to be the answer. */
export type Send = (upload: Upload) => Promise<string | undefined>

/** Uploads a body, chunked without `length`. Returns the status of the answer, `closed`, or the outcome of `send`. */
export async function upload(
  url: string,
  headers: Record<string, string>,
  length: number | undefined,
  send: Send,
): Promise<string> {
  const { host, hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {}) // the app closes the connection during an upload
  const outcome = Promise.withResolvers<string>()
  socket.once('data', (answer) => outcome.resolve(String(answer).slice(9, 12)))
  socket.once('close', () => outcome.resolve('closed'))
  const body = length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  const given = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.write([`POST ${pathname} HTTP/1.1`, `Host: ${host}`, ...given, body, '', ''].join('\r\n'))
  const write = (part: Uint8Array | string) =>
    length === undefined ? writeChunk(socket, part) : socket.write(part)
  try {
    return (await send({ socket, write })) ?? (await outcome.promise)
  } finally {
    socket.destroy()
  }
}

/** Writes a chunk in one packet, without a copy of the part. Returns false when the socket's buffer is full. */
function writeChunk(socket: Socket, part: Uint8Array | string): boolean {
  socket.cork()
  socket.write(`${part.length.toString(16)}\r\n`)
  socket.write(part)
  const hasRoom = socket.write('\r\n')
  socket.uncork()
  return hasRoom
}

/** Sends 100 MB, as fast as the app reads. */
export const sendHuge: Send = async ({ socket, write }) => {
  for (let left = HUGE; left > 0 && !socket.closed; left -= PART.length)
    if (!write(PART.subarray(0, left))) await drained(socket)
  return undefined
}

/** Sends until the connection is closed. */
export const sendEndlessly: Send = async ({ socket, write }) => {
  for (; !socket.closed; await sleep(2)) if (!write(PART)) await drained(socket)
  return undefined
}

/** Returns a sender of so many bytes, one every `everyMs`. */
export const sendSlowly =
  (bytes: number, everyMs: number): Send =>
  async ({ socket, write }) => {
    for (let sent = 0; sent < bytes && !socket.closed; sent++) {
      write(' ')
      await sleep(everyMs)
    }
    return socket.closed ? undefined : 'no answer'
  }

/** Closes the connection within the body. */
export const sendPartially: Send = async ({ socket, write }) => {
  write('{"type":')
  await sleep(100)
  socket.destroy()
  return undefined
}

async function drained(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('drain', resolve).once('close', resolve)
  await promise
  socket.off('drain', resolve).off('close', resolve)
}
