import assert from 'node:assert/strict'
import type { AppEvent } from '../../shared/events/cloud-event.ts'

/** Reads events with a token; `person` goes into the header of that name. */
export function createReader({ api }: { api: string }, token: string | undefined, person?: string) {
  const get = (address: string): Promise<Response> =>
    fetch(address.startsWith('http') ? address : `${api}/app/${address}`, {
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(person !== undefined && { person }),
      },
    })
  async function page(address: string): Promise<{ events: AppEvent[]; next: string | null }> {
    const answer = await get(address)
    const text = await answer.text()
    assert.equal(answer.status, 200, `${address}: ${text}`)
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
    return { events: JSON.parse(text), next: answer.headers.get('next') }
  }
  return {
    get,
    page,
    /** Every page from there on, each at the address that the one before gave. */
    async pages(address: string): Promise<AppEvent[][]> {
      const pages: AppEvent[][] = []
      for (let next: string | null = address; next !== null;) {
        const read = await page(next)
        pages.push(read.events)
        next = read.next
      }
      return pages
    },
  }
}

export const idsOf = (events: { id: string }[]): string[] => events.map(({ id }) => id)
