import type { ReplayDocument } from '../deliveries/replay-store.ts'

/** A replay as its owner sees it: how many events or deliveries it has looked at, and sent. */
export function replayResource({ id, only, from, to, state, looked, sent }: ReplayDocument) {
  return { id, only, from, to, state, looked, sent }
}
