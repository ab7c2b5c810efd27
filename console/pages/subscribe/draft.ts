import { createState } from '../../state.ts'

/** What someone has filled in, as it was typed. */
export interface Draft {
  endPoint: string
  resourceFilter: string
  sourceFilter: string
  typeFilter: string
  subjectFilter: string
  alternativeSubjectFilter: string
  includeSubunits: boolean
  ordered: boolean
  maxPerSecond: string
}

export type Member = keyof Draft

export const emptyDraft: Draft = {
  endPoint: '',
  resourceFilter: '',
  sourceFilter: '',
  typeFilter: '',
  subjectFilter: '',
  alternativeSubjectFilter: '',
  includeSubunits: false,
  ordered: false,
  maxPerSecond: '',
}

export const members = Object.keys(emptyDraft).filter((name): name is Member => name in emptyDraft)

/** The draft. It outlives the page, not the tab: its filters can name a person, so it is in no storage and no address. */
export const draft = createState(emptyDraft)

/** Returns the body that a draft asks for. What is no number is sent as it is: the API says what is wrong with it. */
export function requestOf(filled: Draft): Record<string, string | number | boolean> {
  const texts = Object.entries(filled).flatMap(([name, value]) =>
    typeof value === 'string' && value.trim() !== '' ? [[name, value.trim()] as const] : [],
  )
  const { includeSubunits, ordered } = filled
  const rate = filled.maxPerSecond.trim()
  return {
    ...Object.fromEntries(texts),
    ...(/^\d+$/.test(rate) && { maxPerSecond: Number(rate) }),
    ...(includeSubunits && { includeSubunits }),
    ...(ordered && { ordered }),
  }
}
