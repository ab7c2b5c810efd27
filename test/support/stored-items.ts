import assert from 'node:assert/strict'
import { bulkPath } from '../../local/emulators/cosmos-request.ts'
import { forEachConcurrently } from '../../shared/azure/concurrency.ts'
import { cosmosEndpoint, deployedUrl, type TestStores } from './stores.ts'

const MAX_BYTES = 500_000 // of a request, unless an item has more: the emulator does nothing else meanwhile

/** Stores documents as they are, in no particular order: in the emulator many by a request. */
export async function storeAll(
  stores: TestStores,
  container: string,
  documents: object[],
): Promise<void> {
  if (deployedUrl === undefined)
    for (const items of batches(documents.map((each) => JSON.stringify(each))))
      await storeBatch(stores, container, items)
  else
    await forEachConcurrently(documents, 16, async (document) => {
      await stores.container(container).items.create(document)
    })
}

async function storeBatch(stores: TestStores, container: string, items: string): Promise<void> {
  const { COSMOS_DATABASE: database } = stores.settings
  const named = JSON.stringify({ database, container }).slice(0, -1)
  const body = `${named},"items":[${items}]}`
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(cosmosEndpoint(stores) + bulkPath, { method: 'POST', headers, body })
  assert.equal(answer.status, 201, await answer.text())
}

/** Texts with commas between, as many in each as a request takes. */
function batches(texts: string[]): string[] {
  const found: string[] = []
  for (const text of texts) {
    const last = found.at(-1)
    if (last === undefined || last.length + text.length > MAX_BYTES) found.push(text)
    else found[found.length - 1] = `${last},${text}`
  }
  return found
}
