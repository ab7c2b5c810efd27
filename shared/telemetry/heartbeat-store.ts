import type { Database } from '@azure/cosmos'
import { readDocument } from '../azure/documents.ts'
import { CALL_MS } from '../azure/cosmos.ts'
import { withTimeout } from '../azure/timeout.ts'

const ID = 'sweep' // in `requests`, whose other ids are hashes: one point read tells that store and sweep are well

/** When the sweep last did its whole work. */
export function openHeartbeatStore(database: Database) {
  const container = database.container('requests')
  return {
    async beat(): Promise<void> {
      const document = { v: 1, id: ID, at: new Date().toISOString() }
      await withTimeout(CALL_MS, (abortSignal) => container.items.upsert(document, { abortSignal }))
    },
    /** The age of the last beat in seconds. Undefined where there was none in two days. */
    async ageSeconds(): Promise<number | undefined> {
      const found = await readDocument<{ at: string }>(container, ID, ID)
      return found && (Date.now() - Date.parse(found.at)) / 1000
    },
  }
}
