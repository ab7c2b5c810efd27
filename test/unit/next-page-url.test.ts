import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { nextPageUrl } from '../../shared/flows/read-events.ts'
import { API, idAt, past } from '../support/read-requests.ts'

const addresses: [query: string, next: string][] = [
  ['?after=1', `?after=${past}`],
  ['?size=5&after=1&type=a%25', `?after=${past}&size=5&type=a%25`],
  ['?After=1&AFTER=2&unit=991825827', `?after=${past}&unit=991825827`],
  ['?from=2026-02-01T12:00:00%2B02:00', `?after=${past}&from=2026-02-01T12%3A00%3A00%2B02%3A00`],
  ['?afterwards=1&&type=a&type=b,c', `?after=${past}&afterwards=1&type=a&type=b%2Cc`],
  ['?type[]=a|b c#after=2', `?after=${past}&type%5B%5D=a%7Cb+c`],
  ['?type=%deleted&source=%%25%E5', `?after=${past}&type=%25deleted&source=%25%25%25E5`],
  ['', `?after=${past}`],
]

describe('the URL of the next page', () => {
  for (const [query, next] of addresses)
    test(`of ${query}`, () => {
      assert.equal(nextPageUrl(API + query, past), API + next)
      const again = idAt('2026-02-02T00:00:00Z')
      assert.equal(nextPageUrl(API + next, again), API + next.replace(past, again))
    })
})
