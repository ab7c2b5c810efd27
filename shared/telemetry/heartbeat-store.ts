import type { Database } from '@azure/cosmos'
import { CALL_MS } from '../azure/cosmos.ts'
import { readDocument } from '../azure/documents.ts'
import { withTimeout } from '../azure/timeout.ts'

/** The timers that must not fall silent. Their ids in `requests`, whose other ids are hashes. */
export const timers = ['sweep-events', 'sweep-deliveries', 'sweep-subscriptions', 'gauge'] as const
export type Timer = (typeof timers)[number]

/** When each timer last did its whole work. */
export function openHeartbeatStore(database: Database) {
  const container = database.container('requests')
  return {
    async beat(timer: Timer): Promise<void> {
      const document = { v: 1, id: timer, at: new Date().toISOString() }
      await withTimeout(CALL_MS, (abortSignal) => container.items.upsert(document, { abortSignal }))
    },
    /** Returns the age of a timer's last beat in seconds; undefined where there was none in two days. */
    async ageSeconds(timer: Timer): Promise<number | undefined> {
      const found = await readDocument<{ at: string }>(container, timer, timer)
      return found && (Date.now() - Date.parse(found.at)) / 1000
    },
  }
}
