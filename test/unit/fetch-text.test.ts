import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetchReason, fetchText } from '../../shared/http/fetch-text.ts'

const limits = { timeoutMs: 2500, maxBytes: 10 }

test('the reason shows nothing of a token that cannot be a header', async () => {
  const headers = { authorization: 'Bearer S3CRET\nx' }
  const error = await fetchText('http://127.0.0.1:9/', limits, { headers }).catch(
    (reason: unknown) => reason,
  )
  assert.match(String(error), /S3CRET/, 'as the error does')
  assert.equal(fetchReason(error, limits), 'the request cannot be made')
})
