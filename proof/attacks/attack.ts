import { assertRefused, type Status } from '../../test/refusals.ts'
import { assertProblem } from '../../test/subscriber.ts'

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

/** The status of an answer of POST /app, which must be the problem that belongs to it. */
export async function refusal(answer: Promise<Response>, expected: Status): Promise<number> {
  const { status } = await answer
  if (status === expected) await assertRefused(await answer, expected)
  return status
}

/** The status of any other answer, which must be a problem where it is none of success. */
export async function statusOf(answer: Promise<Response>): Promise<number> {
  const { status } = await answer
  if (status >= 400) await assertProblem(await answer, status)
  return status
}
