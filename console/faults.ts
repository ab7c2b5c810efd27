import type { ApiProblem, Violation } from './api.ts'

/** What is wrong beside which field, and whether the problem says more than that. */
export interface Faults<M extends string> {
  beside: Partial<Record<M, string>>
  isElsewhere: boolean
}

/** A sentence of the API: the member that it is about, and how the reader is told. */
export interface KnownSentence<M extends string> {
  pattern: RegExp
  member: M | undefined
  text: string
}

/**
 * Returns what is wrong beside each field, in the reader's language as far as the sentence is known: the first that matches
 * counts. The API points at the member where there are several faults; a single one is known by its sentence.
 */
export function faultsOf<M extends string>(
  problem: ApiProblem | undefined,
  members: readonly M[],
  known: KnownSentence<M>[],
): Faults<M> {
  if (problem === undefined) return { beside: {}, isElsewhere: false }
  const beside: Partial<Record<M, string>> = {}
  let isElsewhere = false
  for (const { pointer, detail } of violationsOf(problem)) {
    const sentence = known.find(({ pattern }) => pattern.test(detail))
    const member = members.find((each) => pointer === `/${each}`) ?? sentence?.member
    if (member === undefined) isElsewhere = true
    else beside[member] ??= sentence?.text ?? detail
  }
  return { beside, isElsewhere }
}

const violationsOf = ({ errors, message }: ApiProblem): Violation[] =>
  errors.length > 0
    ? errors
    : [{ pointer: `/${/^"(\w+)"/.exec(message)?.[1] ?? ''}`, detail: message }]
