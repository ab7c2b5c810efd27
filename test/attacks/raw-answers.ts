import type { Socket } from 'node:net'

export const TIMEOUT = 'timeout: no answer within the time limit'
export const CLOSED = 'reset: the connection was closed before an answer'
const TOO_MANY_INTERIM = 'other: more than 100 interim answers (1xx)'
const INVALID_HTTP = 'other: the answer is not valid HTTP'

const EARLY_HINTS = 'HTTP/1.1 103 Early Hints\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const PARTIAL_BODY = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'
const INVALID_CHUNK = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'

const write = (text: string) => (socket: Socket) => socket.write(text)
const repeat =
  (first: string, text: string, everyMs = 50) =>
  (socket: Socket) => {
    socket.write(first)
    const timer = setInterval(() => socket.write(text), everyMs)
    socket.on('close', () => clearInterval(timer))
  }

const resetAfter = (text: string) => (socket: Socket) =>
  socket.write(text, () => setTimeout(() => socket.resetAndDestroy(), 50))

/** Receivers that answer with invalid, partial or endless HTTP. */
export const rawAnswers: [what: string, expected: string, serve: (socket: Socket) => void][] = [
  ['sends headers one at a time for ever', TIMEOUT, repeat('HTTP/1.1 200 OK\r\n', 'a: b\r\n')],
  ['sends 103 Early Hints for ever', TIMEOUT, repeat('', EARLY_HINTS, 1000)],
  ['sends 100 Continue for ever', TIMEOUT, repeat('', 'HTTP/1.1 100 Continue\r\n\r\n', 1000)],
  ['sends 101 early hints at once', TOO_MANY_INTERIM, write(EARLY_HINTS.repeat(101))],
  ['sends 100 early hints, and then answers', 'answered 200', write(EARLY_HINTS.repeat(100) + OK)],
  ['speaks another protocol', INVALID_HTTP, write('SSH-2.0-OpenSSH_9.6\r\n')],
  [
    'switches protocols',
    'other: the answer switches to another protocol',
    write('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
  ],
  [
    'answers with a negative length',
    INVALID_HTTP,
    write('HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n'),
  ],
  [
    'answers with two lengths',
    INVALID_HTTP,
    write('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'),
  ],
  [
    'announces a chunk of 256 MB, and sends nothing',
    'answered 200',
    write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffff\r\n'),
  ],
  [
    'closes the connection within the headers',
    CLOSED,
    (socket) => socket.end('HTTP/1.1 200 OK\r\na: b\r\n'),
  ],
  ['closes the connection within the body', 'answered 200', (socket) => socket.end(PARTIAL_BODY)],
  ['resets the connection within the body', 'answered 200', resetAfter(PARTIAL_BODY)],
  ['answers with an invalid chunk', 'answered 200', write(INVALID_CHUNK)],
]
