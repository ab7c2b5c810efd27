import type { Database } from '@azure/cosmos'
import { queryAll } from '../azure/documents.ts'
import { createDocument } from '../azure/create.ts'

/** A message that is invalid or refers to nothing, kept for inspection. */
interface PoisonMessage {
  id: string
  queue: string
  reason: string
  text: string
}

/** Stores the messages that no function can process. */
export function openPoisonStore(database: Database) {
  const container = database.container('poison')
  return {
    /** Stores a message once. Throws when the store does not confirm it. */
    async keep(message: PoisonMessage): Promise<void> {
      const document = { v: 1, ...message }
      const { outcome } = await createDocument(container, document)
      if (outcome === 'unconfirmed')
        throw new Error('The poison message is not confirmed to be stored.')
    },
    /** Counts them, up to 1,000. */
    async count(): Promise<number> {
      return (await queryAll<string>(container, 'SELECT TOP 1000 VALUE c.id FROM c')).length
    },
  }
}
