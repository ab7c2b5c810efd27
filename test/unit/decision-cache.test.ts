import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDecisionCache } from '../../shared/auth/decision-cache.ts'

const decision = (isPermit: boolean) => ({ isPermit, minimumLevel: 0, minimumLevelOfOrgs: 0 })

/** A cache with a clock, and what was asked of whom it asks. */
function startCache() {
  const clock = { now: 1_900_000_000_000 }
  const decisionFor = createDecisionCache(() => clock.now)
  const answers = { next: async () => decision(true) }
  let asked = 0
  const ask = () => {
    asked++
    return answers.next()
  }
  return { clock, answers, decide: (key = 'a') => decisionFor(key, ask), asked: () => asked }
}

for (const [isPermit, seconds] of [
  [true, 300],
  [false, 30],
] as const)
  test(`${isPermit ? 'a permit' : 'a refusal'} is kept for ${seconds} s from the question`, async () => {
    const { clock, answers, decide, asked } = startCache()
    answers.next = async () => {
      clock.now += 2000 // the answer takes its time
      return decision(isPermit)
    }
    await decide()
    clock.now += seconds * 1000 - 2001
    assert.equal((await decide()).isPermit, isPermit)
    assert.equal(asked(), 1)
    clock.now += 1
    await decide()
    assert.equal(asked(), 2)
  })

test('whoever asks the same meanwhile waits for the same answer; another question is asked', async () => {
  const { decide, asked } = startCache()
  await Promise.all([decide(), decide(), decide('b'), decide()])
  assert.equal(asked(), 2)
})

test('what is no decision is thrown to all who wait, and not kept', async () => {
  const { answers, decide, asked } = startCache()
  const { next } = answers
  answers.next = () => Promise.reject(new Error('no answer'))
  const ends = await Promise.allSettled([decide(), decide()])
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  answers.next = next
  assert.equal((await decide()).isPermit, true)
  assert.equal(asked(), 2)
})

test('keeps 10,000 decisions, the latest', async () => {
  const { decide, asked } = startCache()
  for (let key = 0; key <= 10_000; key++) await decide(String(key))
  await decide('1')
  assert.equal(asked(), 10_001)
  await decide('0')
  assert.equal(asked(), 10_002)
})
