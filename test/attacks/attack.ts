import { assertRefused, type Status } from '../support/problems.ts'
import { assertProblem } from '../support/subscriber.ts'

/** Something that somebody tries, and what must come of it. */
export interface Attack {
  /** What is attacked. */
  on: string
  what: string
  expected: string
  /** Tries it, and gives what came of it. */
  got: () => Promise<string>
}

/** An attack; a status is given as the number it is. */
export const attack = (
  on: string,
  what: string,
  expected: string | number,
  got: () => Promise<string | number>,
): Attack => ({
  on,
  what,
  expected: String(expected),
  async got() {
    try {
      return String(await got())
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  },
})

/** The body of every refusal that an attack has met. */
export const problems: string[] = []

/** The status of an answer of POST /app, which must be the problem that belongs to it. */
export async function refusal(asked: Promise<Response>, expected: Status): Promise<number> {
  const answer = await noted(asked)
  if (answer.status === expected) await assertRefused(answer, expected)
  return answer.status
}

/** The status of any other answer, which must be a problem where it is none of success. */
export async function statusOf(asked: Promise<Response>): Promise<number> {
  const [status] = await saidBy(asked)
  return status
}

/** The same with the `detail` of the problem. */
export async function saidBy(asked: Promise<Response>): Promise<[status: number, detail: string]> {
  const answer = await noted(asked)
  const detail = answer.status >= 400 ? await assertProblem(answer, answer.status) : ''
  return [answer.status, detail]
}

/** Notes the problem that an answer is, if it is one. */
export async function noted(asked: Promise<Response>): Promise<Response> {
  const answer = await asked
  if (answer.status >= 400) problems.push(await answer.clone().text())
  return answer
}
