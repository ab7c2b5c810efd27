import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const HUGE = 100_000_000
const PIECE = Buffer.alloc(65_536, ' ')

interface Upload {
  socket: Socket
  /** Sends a piece of the body. */
  write: (piece: Uint8Array | string) => boolean
}
/** Sends a body; says what came of it where that is no answer. */
export type Send = (upload: Upload) => Promise<string | undefined>

/** Uploads a body, in chunks unless `length` announces it. Returns the status of the answer, or what came instead. */
export async function upload(
  url: string,
  headers: Record<string, string>,
  length: number | undefined,
  send: Send,
): Promise<string> {
  const { host, hostname, port, pathname } = new URL(url)
  const socket = connect(Number(port), hostname).on('error', () => {}) // closed under what is still sent
  const outcome = Promise.withResolvers<string>()
  socket.once('data', (answer) => outcome.resolve(String(answer).slice(9, 12)))
  socket.once('close', () => outcome.resolve('closed'))
  const body = length === undefined ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  const given = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.write([`POST ${pathname} HTTP/1.1`, `Host: ${host}`, ...given, body, '', ''].join('\r\n'))
  const write = (piece: Uint8Array | string) =>
    socket.write(length === undefined ? chunkOf(piece) : piece)
  try {
    return (await send({ socket, write })) ?? (await outcome.promise)
  } finally {
    socket.destroy()
  }
}

const chunkOf = (piece: Uint8Array | string) =>
  Buffer.concat([
    Buffer.from(`${piece.length.toString(16)}\r\n`),
    Buffer.from(piece),
    Buffer.from('\r\n'),
  ])

/** Sends 100 MB, as fast as they are taken. */
export const sendHuge: Send = async ({ socket, write }) => {
  for (let left = HUGE; left > 0 && !socket.closed; left -= PIECE.length)
    if (!write(PIECE.subarray(0, left))) await drained(socket)
  return undefined
}

/** Sends for ever, until the connection is closed. */
export const sendOn: Send = async ({ socket, write }) => {
  for (; !socket.closed; await sleep(2)) if (!write(PIECE)) await drained(socket)
  return undefined
}

/** Sends so many bytes, one at a time. */
export const dribble =
  (bytes: number, everyMs: number): Send =>
  async ({ socket, write }) => {
    for (let sent = 0; sent < bytes && !socket.closed; sent++) {
      write(' ')
      await sleep(everyMs)
    }
    return socket.closed ? undefined : 'no answer'
  }

/** Leaves in the middle. */
export const leave: Send = async ({ socket, write }) => {
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
