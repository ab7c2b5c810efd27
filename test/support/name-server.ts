import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import packet from 'dns-packet'

/** What a name server says of a name: its addresses, of which each question gets its family, or a code of failure. */
export interface NameAnswer {
  addresses?: string[]
  ttl?: number
  delayMs?: number
  code?: 'SERVFAIL' | 'NXDOMAIN'
}

const codes = { SERVFAIL: 2, NXDOMAIN: 3 } // RFC 1035 §4.1.1

/** Starts a name server on loopback (RFC 1035, over UDP) that says what `answer` returns, and nothing for undefined. */
export async function startNameServer(
  answer: (name: string, type: 'A' | 'AAAA') => NameAnswer | undefined,
) {
  const asked: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (message, { port, address }) => {
    const { id, questions = [] } = packet.decode(message)
    const [question] = questions
    if (question === undefined) return
    const type = question.type === 'AAAA' ? 'AAAA' : 'A'
    asked.push(`${question.name} ${type}`)
    const said = answer(question.name, type)
    if (said === undefined) return
    const { addresses = [], ttl = 0, delayMs = 0, code } = said
    const answers = addresses
      .filter((each) => isIPv4(each) === (type === 'A'))
      .map((data) => ({ name: question.name, type, ttl, data }) as const)
    const flags = packet.AUTHORITATIVE_ANSWER | (code === undefined ? 0 : codes[code])
    const bytes = packet.encode({ type: 'response', id: id ?? 0, flags, questions, answers })
    void sleep(delayMs).then(() => socket.send(bytes, port, address, () => {}))
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    /** Every question: name and type. */
    asked,
    async stop(): Promise<void> {
      socket.close()
      await once(socket, 'close')
    },
  }
}
