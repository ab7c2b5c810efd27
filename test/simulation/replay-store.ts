import type { openReplayStore, ReplayDocument } from '../../shared/deliveries/replay-store.ts'
import type { Connection } from './connection.ts'
import { ascending, top } from './select.ts'

/** The replay store over a simulated container. */
export function simulatedReplayStore(
  connection: Connection<ReplayDocument>,
): ReturnType<typeof openReplayStore> {
  const keyOf = (subscription: string, id: string) => `${subscription}/${id}`
  return {
    add: (document) =>
      connection.create(keyOf(document.subscription, document.id), document.subscription, document),
    find: (subscription, id, session) =>
      connection.read(keyOf(subscription, id), subscription, session),
    save: (replay) =>
      connection.replace(keyOf(replay.subscription, replay.id), replay.subscription, replay),
    overdue: (nowSeconds) =>
      connection.query('overdue replays', (all) =>
        top(100, all, ({ due = Infinity }) => due <= nowSeconds, ascending('due')),
      ),
  }
}
