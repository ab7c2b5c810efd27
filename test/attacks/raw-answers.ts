import type { Socket } from 'node:net'

export const TIMEOUT = 'timeout: no whole answer within the time limit'
export const CLOSED = 'reset: the connection was closed before an answer'
const NO_HTTP = 'other: the answer is not valid HTTP'

const write = (text: string) => (socket: Socket) => socket.write(text)
const repeat = (first: string, text: string) => (socket: Socket) => {
  socket.write(first)
  const drip = setInterval(() => socket.write(text), 50)
  socket.on('close', () => clearInterval(drip))
}

/** Receivers that speak no HTTP, or nearly. */
export const rawAnswers: [what: string, expected: string, serve: (socket: Socket) => void][] = [
  ['drips its headers, one at a time', TIMEOUT, repeat('HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
  ['hints early, and for ever', TIMEOUT, repeat('', 'HTTP/1.1 103 Early Hints\r\n\r\n')],
  ['says to go on, and for ever', CLOSED, repeat('', 'HTTP/1.1 100 Continue\r\n\r\n')],
  ['speaks another protocol', NO_HTTP, write('SSH-2.0-OpenSSH_9.6\r\n')],
  [
    'switches protocols',
    CLOSED,
    write('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
  ],
  [
    'answers with a length below zero',
    NO_HTTP,
    write('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'),
  ],
  [
    'answers with two lengths',
    NO_HTTP,
    write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'),
  ],
  [
    'announces a chunk without end',
    TIMEOUT,
    write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n'),
  ],
  [
    'leaves in the middle',
    CLOSED,
    (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
  ],
]
