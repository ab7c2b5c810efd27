import { setImmediate as turn } from 'node:timers/promises'
import type { Change } from '../../shared/subscriptions/subscription-changes.ts'
import { createSubscriptionIndex } from '../../shared/subscriptions/subscription-index.ts'
import { subscription, tombstone } from './subscription-fixture.ts'

export const SECOND = 1_800_000_000 // what the clock says at the beginning
export const written = (_ts: number, number: number): Change => ({ ...subscription(number), _ts })
export const deleted = (_ts: number, number: number): Change => ({ ...tombstone(number), _ts })

/**
 * An index with a clock of its own, over a store that answers page by page as it is told: `pageMs` is how long a page
 * takes, `onPage` happens when one has been read. `asked` has the seconds that it was asked from.
 */
export function startIndex(...stored: Change[]) {
  const clock = { now: SECOND * 1000 + 400 }
  const store = {
    changes: stored,
    down: false,
    pageMs: 0,
    onPage: (_number: number) => {},
    asked: new Array<number>(),
    read: 0,
  }
  const index = createSubscriptionIndex({
    now: () => clock.now,
    async *changedSince(since) {
      store.asked.push(since)
      const changes = store.changes.filter(({ _ts }) => _ts >= since)
      for (const change of [undefined, ...changes]) {
        await turn()
        clock.now += store.pageMs
        if (store.down) throw new Error('down')
        if (change === undefined) continue
        store.read++
        yield [change]
        store.onPage(change.number)
      }
    },
  })
  const numbers = async () => [...(await index.current()).all()].map(({ number }) => number)
  return { clock, store, index, numbers: async () => (await numbers()).toSorted((a, b) => a - b) }
}
