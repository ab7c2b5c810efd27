import { assertRefused, type Status } from '../support/problems.ts'
import { assertProblem } from '../support/subscriber.ts'

/** An attack, and its expected outcome. */
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

/** The body of every refusal that an attack has met. */
export const problems: string[] = []

/** The status of an answer of POST /app, which must be the problem that belongs to it. */
export async function statusOfRefusal(asked: Promise<Response>, expected: Status): Promise<number> {
  const answer = await recordProblem(asked)
  if (answer.status === expected) await assertRefused(answer, expected)
  return answer.status
}

/** The status of any other answer, which must be a problem where it is none of success. */
export async function statusOf(asked: Promise<Response>): Promise<number> {
  const [status] = await statusAndDetail(asked)
  return status
}

/** The same with the `detail` of the problem. */
export async function statusAndDetail(
  asked: Promise<Response>,
): Promise<[status: number, detail: string]> {
  const answer = await recordProblem(asked)
  const detail = answer.status >= 400 ? await assertProblem(answer, answer.status) : ''
  return [answer.status, detail]
}

/** Notes the problem that an answer is, if it is one. */
export async function recordProblem(asked: Promise<Response>): Promise<Response> {
  const answer = await asked
  if (answer.status >= 400) problems.push(await answer.clone().text())
  return answer
}
