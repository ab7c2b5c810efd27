import type { Socket } from 'node:net'

export const TIMEOUT = 'timeout: no answer within the time limit'
export const CLOSED = 'reset: the connection was closed before an answer'
const TOO_MANY = 'other: more than 100 interim answers (1xx)'
const NO_HTTP = 'other: the answer is not valid HTTP'

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'
const BAD_CHUNK = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'

const write = (text: string) => (socket: Socket) => socket.write(text)
const repeat =
  (first: string, text: string, everyMs = 50) =>
  (socket: Socket) => {
    socket.write(first)
    const drip = setInterval(() => socket.write(text), everyMs)
    socket.on('close', () => clearInterval(drip))
  }

const resetAfter = (text: string) => (socket: Socket) =>
  socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 50))

/** Receivers that speak no HTTP, or nearly. */
export const rawAnswers: [what: string, expected: string, serve: (socket: Socket) => void][] = [
  ['drips its headers, one at a time', TIMEOUT, repeat('HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
  ['hints early, and for ever', TIMEOUT, repeat('', EARLY_HINTS, 1000)],
  ['says to go on, and for ever', TIMEOUT, repeat('', 'HTTP/1.1 100 Continue\r\n\r\n', 1000)],
  ['hints early, and far too often', TOO_MANY, write(EARLY_HINTS.repeat(101))],
  ['hints early, often, and then answers', 'answered 200', write(EARLY_HINTS.repeat(100) + OK)],
  ['speaks another protocol', NO_HTTP, write('SSH-2.0-OpenSSH_9.6\r\n')],
  [
    'switches protocols',
    'other: the answer switches to another protocol',
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
    'answered 200',
    write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n'),
  ],
  [
    'leaves in the middle of its head',
    CLOSED,
    (socket) => socket.end('HTTP/1.1 200 OK\r\na: b\r\n'),
  ],
  ['leaves in the middle of its body', 'answered 200', (socket) => socket.end(HALF)],
  ['resets in the middle of its body', 'answered 200', resetAfter(HALF)],
  ['answers with chunks that are none', 'answered 200', write(BAD_CHUNK)],
]
