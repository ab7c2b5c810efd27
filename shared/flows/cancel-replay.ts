import { compareAndSet } from '../azure/conditional-write.ts'
import type { Stored } from '../azure/documents.ts'
import { endedReplay, type ReplayDocument } from '../deliveries/replay-store.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import type { SubscriptionDocument } from '../subscriptions/subscription.ts'

type Asked = Pick<SubscriptionDocument, 'number' | 'replay'>

/** Returns the latest replay of a subscription. Throws a 404 when there is none. */
export async function requireReplay(
  { replays }: Pick<Services, 'replays'>,
  { number, replay: id }: Asked,
): Promise<Stored<ReplayDocument>> {
  const latest = id === undefined ? undefined : await replays.find(String(number), id)
  if (latest !== undefined) return latest
  throw new Problem(404, 'No replay of this subscription was started in the last 90 days.')
}

/**
 * Cancels the running replay of a subscription and returns it. A page that is under way loses its write of the progress,
 * so no other follows. Throws a 404 when there is none, and a 409 when it is over.
 */
export async function cancelReplay(services: Services, asked: Asked): Promise<ReplayDocument> {
  const { replays } = services
  const latest = await requireReplay(services, asked)
  const cancelled = await compareAndSet<ReplayDocument>(
    latest,
    (current) => (current.state === 'running' ? endedReplay(current, 'cancelled') : undefined),
    {
      save: replays.save,
      reload: (session) => replays.find(latest.subscription, latest.id, session),
    },
  )
  if (cancelled === undefined) throw new Problem(409, 'The replay is over.')
  return cancelled.document
}
