import { startChild } from './child.ts'
import { emulatorKey } from './cosmos-signature.ts'
import { storageConnection } from './storage-connection.ts'
import { isUsage, type Usage } from './usage.ts'

export type Emulators = Awaited<ReturnType<typeof startEmulators>>

/**
 * Starts Azurite (queue and blob) and the strict Cosmos emulator, in parallel, each in a process
 * that cannot outlive this one. Port 0, the default, takes any free port. They are empty: the
 * caller creates the databases, containers and queues.
 */
export async function startEmulators({ queuePort = 0, blobPort = 0, cosmosPort = 0 } = {}) {
  const azurite = startChild('Azurite', new URL('./azurite.mjs', import.meta.url), [
    String(queuePort),
    String(blobPort),
  ])
  const cosmos = startChild('Cosmos emulator', new URL('./strict-cosmos.ts', import.meta.url), [
    String(cosmosPort),
  ])
  const stop = async () => void (await Promise.all([azurite.stop(), cosmos.stop()]))
  try {
    const [storage, account] = await Promise.all([azurite.ready, cosmos.ready])
    const ports = { queue: 0, blob: 0, cosmos: 0, ...storage, ...account }
    return { ...connections(ports), ports, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function connections(ports: { queue: number; blob: number; cosmos: number }) {
  const cosmos = `http://127.0.0.1:${ports.cosmos}`
  return {
    cosmos: `AccountEndpoint=${cosmos}/;AccountKey=${emulatorKey};`,
    storage: storageConnection(ports),
    usage: () => readUsage(`${cosmos}/_strict/usage`),
    resetUsage: () => resetUsage(`${cosmos}/_strict/usage`),
  }
}

async function readUsage(url: string): Promise<Usage> {
  const usage: unknown = await (await fetch(url)).json()
  if (!isUsage(usage)) throw new Error('The Cosmos emulator answered no usage')
  return usage
}

async function resetUsage(url: string): Promise<void> {
  await fetch(url, { method: 'DELETE' })
}
