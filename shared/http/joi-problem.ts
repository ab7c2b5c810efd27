import type { ValidationErrorItem } from 'joi'
import { pointerTo } from './json.ts'
import { Problem } from './problem.ts'

/** A 400 that lists all violations; `detail` is the first of them unless a sentence is given. */
export function problemOf(details: ValidationErrorItem[], sentence?: string): Problem {
  const errors = details.map(({ path, message }) => ({ pointer: pointerTo(path), detail: message }))
  return new Problem(400, sentence ?? errors[0]?.detail ?? '', { errors })
}
