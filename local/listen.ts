import { once } from 'node:events'
import type { Server } from 'node:http'

/** Has a server of the local stack listen on loopback. Returns its address, and what ends it. Throws if the port is taken. */
export async function listen(
  server: Server,
  port: number,
): Promise<{ url: string; stop: () => Promise<void> }> {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  return {
    url: `http://127.0.0.1:${typeof bound === 'object' ? bound?.port : port}`,
    async stop(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
