import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import packet from 'dns-packet'

/**
 * A name server on loopback (RFC 1035, over UDP) that the attacks control: each lookup of a name returns
 * the next of its lists of addresses, and from then on the last. The time to live is 0.
 */
export async function startNameServer() {
  const zone = new Map<string, string[][]>()
  const socket = createSocket('udp4')
  socket.on('message', (message, { port, address }) => {
    const { id, questions = [] } = packet.decode(message)
    const [question] = questions
    const lists = zone.get(question?.name ?? '')
    if (question === undefined || lists === undefined) return // silence is an attack too
    const [addresses = []] = lists
    const type = question.type === 'AAAA' ? 'AAAA' : 'A'
    if (type === 'AAAA' && lists.length > 1) lists.shift() // asked for after A, and the end of a look-up
    const answers = addresses
      .filter((each) => isIPv4(each) === (type === 'A'))
      .map((data) => ({ name: question.name, type, ttl: 0, data }) as const)
    const flags = packet.AUTHORITATIVE_ANSWER
    socket.send(
      packet.encode({ type: 'response', id: id ?? 0, flags, questions, answers }),
      port,
      address,
    )
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    zone,
    async stop(): Promise<void> {
      socket.close()
      await once(socket, 'close')
    },
  }
}
