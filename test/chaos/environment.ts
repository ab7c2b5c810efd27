import type { Profile } from './profiles.ts'
import { startHosts } from './hosts.ts'
import { createPublisher } from './publisher.ts'
import { INBOUND_COUNT, openStores, type StoreSettings } from './stores.ts'
import { startSubscriber, type SubscriberOptions } from './subscribers.ts'

/** The services that the app depends on. */
export interface BackingServices {
  stores: StoreSettings
  /** The token issuer: its address, and the settings that name it. */
  issuer: { url: string; settings: Record<string, string> }
}

export type Environment = Awaited<ReturnType<typeof startEnvironment>>

/** Starts fault proxies, four processes of the app, validated subscribers and a publisher. `stop` stops them all. */
export async function startEnvironment(
  { stores: storeSettings, issuer }: BackingServices,
  {
    profile,
    name,
    subscribers: options,
  }: { profile: Profile; name: string; subscribers: SubscriberOptions[] },
) {
  const stores = await openStores(storeSettings)
  const hosts = await startHosts(
    {
      ...issuer.settings,
      ...stores.settings,
      ...profile.settings,
      INBOUND_QUEUES: String(INBOUND_COUNT),
    },
    name,
  )
  const subscribers = await Promise.all(options.map(startSubscriber))
  const publisher = await createPublisher((turn) => hosts.api(turn), issuer.url)
  const stop = async () => {
    await Promise.all([hosts.stop(), publisher.close()])
    await Promise.all([stores.stop(), ...subscribers.map((each) => each.stop())])
  }
  try {
    for (const subscriber of subscribers) await subscriber.subscribe(hosts.api(0), issuer.url)
    return { stores, hosts, subscribers, publisher, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
