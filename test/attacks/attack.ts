import assert from 'node:assert/strict'
import { assertRefused, type Status } from '../support/problems.ts'
import { assertProblem } from '../support/subscriber.ts'

/** An attack and its expected outcome. */
export interface Attack {
  /** What is attacked. */
  target: string
  name: string
  expected: string
  /** Runs the attack. Returns its outcome. */
  run: () => Promise<string>
}

/** Creates an attack. An error of `run` is its outcome. */
export const attack = (
  target: string,
  name: string,
  expected: string | number,
  run: () => Promise<string | number>,
): Attack => ({
  target,
  name,
  expected: String(expected),
  async run() {
    try {
      return String(await run())
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  },
})

/** Runs the attacks one after another. Fails with every one whose outcome is another than its expected one. */
export async function assertOutcomes(attacks: Attack[]): Promise<void> {
  const failures: string[] = []
  for (const { name, expected, run } of attacks) {
    const outcome = await run()
    if (outcome !== expected) failures.push(`${name}: expected ${expected}, got ${outcome}`)
  }
  assert.ok(attacks.length > 0)
  assert.deepEqual(failures, [])
}

/** The bodies of all error responses so far. */
export const problems: string[] = []

/** Returns the status of an answer of POST /app. Throws when its body is not the expected problem. */
export async function statusOfRefusal(
  response: Promise<Response>,
  expected: Status,
): Promise<number> {
  const answer = await recordProblem(response)
  if (answer.status === expected) await assertRefused(answer, expected)
  return answer.status
}

/** Returns the status of another answer. Throws when the body of an error is not a problem. */
export async function statusOf(response: Promise<Response>): Promise<number> {
  const [status] = await statusAndDetail(response)
  return status
}

/** Returns the same with the `detail` of the problem, which is empty for a success. */
export async function statusAndDetail(
  response: Promise<Response>,
): Promise<[status: number, detail: string]> {
  const answer = await recordProblem(response)
  const detail = answer.status >= 400 ? await assertProblem(answer, answer.status) : ''
  return [answer.status, detail]
}

/** Returns the answer, and adds the body of an error to `problems`. */
export async function recordProblem(response: Promise<Response>): Promise<Response> {
  const answer = await response
  if (answer.status >= 400) problems.push(await answer.clone().text())
  return answer
}
