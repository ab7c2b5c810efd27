import { startEmulators } from './emulators/emulators.ts'
import { startIssuer } from './issuer.ts'
import { startRegister } from './register.ts'
import { createResources } from './resources.ts'

/** Everyone with the scope may do everything: there is nobody else on a laptop. */
const everything = (['publish', 'subscribe', 'read'] as const).map((action) => ({
  resource: 'urn:altinn:resource:*',
  action,
  who: '*',
}))

export type Stack = Awaited<ReturnType<typeof startStack>>

/**
 * Starts everything around the app: the emulators with their containers and queues, the token issuer, and a register of
 * parties. Returns them, the settings that point an app at them, and what stops them; throws where a port is taken.
 */
export async function startStack(ports: {
  queue: number
  blob: number
  cosmos: number
  issuer: number
  register: number
}) {
  const [emulators, issuer, register] = await allOrNone([
    startEmulators({ queuePort: ports.queue, blobPort: ports.blob, cosmosPort: ports.cosmos }),
    startIssuer({ port: ports.issuer }),
    startRegister({ port: ports.register }),
  ])
  const database = process.env['COSMOS_DATABASE'] ?? 'events'
  const stop = async () =>
    void (await Promise.all([emulators.stop(), issuer.stop(), register.stop()]))
  try {
    await createResources({ cosmos: emulators.cosmos, storage: emulators.storage, database })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    emulators,
    issuer,
    register,
    stop,
    /** The settings that point an app at this stack. */
    settings: {
      AzureWebJobsStorage: emulators.storage,
      Cosmos: emulators.cosmos,
      COSMOS_DATABASE: database,
      QueueStorage: emulators.storage,
      ...issuer.settings,
      ...register.settings,
      ACCESS_GRANTS: JSON.stringify(everything),
      WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128', // receivers on this machine
    },
  }
}

interface Stoppable {
  stop(): Promise<void>
}

/** Returns the parts once all have started. If one fails, stops the others and throws its error. */
async function allOrNone<A extends Stoppable, B extends Stoppable, C extends Stoppable>(
  parts: [Promise<A>, Promise<B>, Promise<C>],
): Promise<[A, B, C]> {
  try {
    return await Promise.all(parts)
  } catch (error) {
    for (const part of await Promise.allSettled<Stoppable>(parts))
      if (part.status === 'fulfilled') await part.value.stop()
    throw error
  }
}
