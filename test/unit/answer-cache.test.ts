import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAnswerCache } from '../../shared/register/answer-cache.ts'

const HOUR = 3_600_000

function newCache() {
  const clock = { now: 1_800_000_000_000 }
  const asked: string[] = []
  const ask = async (about: string) => String(asked.push(about))
  return { asked, clock, find: createAnswerCache({ ask, now: () => clock.now }) }
}

test('the cache keeps 10,000 answers, and drops the oldest', async () => {
  const { asked, find } = newCache()
  for (let about = 1; about <= 10_001; about++) await find(String(about))
  await find('2')
  assert.equal(asked.length, 10_001)
  await find('1')
  assert.equal(asked.at(-1), '1')
})

test('an answer that was asked for again is the newest', async () => {
  const { asked, clock, find } = newCache()
  for (let about = 1; about <= 10_000; about++) await find(String(about))
  clock.now += HOUR
  for (const about of ['1', 'another', '1']) await find(about)
  assert.deepEqual(asked.slice(10_000), ['1', 'another'])
})
