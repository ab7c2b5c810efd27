import type { ApiProblem } from '../../api.ts'
import { faultsOf, type Faults } from '../../faults.ts'
import { defineTexts } from '../../language.ts'

const kinds = ['dead', 'missing', 'all'] as const
export type Only = (typeof kinds)[number]

/** What is to be sent again: times as a field of date and time has them, in the reader's time zone. */
export interface Choice {
  only: Only
  from: string
  to: string
}

const DAY_MS = 86_400_000

/** Returns the choice that an address names; without one, what is dead since yesterday. */
export function choiceIn(query: URLSearchParams): Choice {
  return {
    only: kinds.find((kind) => kind === query.get('only')) ?? 'dead',
    from: fieldTime(query.get('from') ?? new Date(Date.now() - DAY_MS).toISOString()),
    to: fieldTime(query.get('to') ?? ''),
  }
}

/** Returns the body of the request. A time that is not filled in is left out. */
export function requestOf({ only, from, to }: Choice) {
  return {
    only,
    ...(from !== '' && { from: isoTime(from) }),
    ...(to !== '' && { to: isoTime(to) }),
  }
}

/** Returns the time of such a field as an ISO time; one that is none as it was typed, so that the API refuses it. */
function isoTime(typed: string): string {
  const at = new Date(typed)
  return Number.isNaN(at.getTime()) ? typed : at.toISOString()
}

/** Returns an ISO time as such a field has it, to the minute; none where it is no time. */
function fieldTime(iso: string): string {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return ''
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

const texts = defineTexts({
  nb: {
    order: '«Til» må være etter «Fra».',
    from: 'Skriv dato og klokkeslett å begynne fra.',
    to: 'Skriv dato og klokkeslett, eller la det stå tomt.',
  },
  en: {
    order: '“To” must be after “From”.',
    from: 'Enter the date and time to begin at.',
    to: 'Enter date and time, or leave it empty.',
  },
})

/** Returns what the API says is wrong with the choice, in the reader's language. */
export function faultsOfChoice(problem: ApiProblem | undefined): Faults<keyof Choice> {
  const { order, from, to } = texts.now()
  return faultsOf(
    problem,
    [],
    [
      { pattern: /^"from" must be before/, member: 'to', text: order },
      { pattern: /^"from"/, member: 'from', text: from },
      { pattern: /^"to"/, member: 'to', text: to },
    ],
  )
}
