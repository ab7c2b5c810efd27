import { appResourcePattern } from '../events/cloud-event.ts'
import { alternativeOf } from '../events/event-document.ts'
import type { Violation } from '../http/problem.ts'
import { appInFilter } from './subscription.ts'

/** The members of a subscription request that are right by themselves. */
export interface SoundMembers {
  endPoint?: string
  sourceFilter?: string
  subjectFilter?: string
  resourceFilter?: string
  alternativeSubjectFilter?: string
  typeFilter?: string
  includeSubunits?: boolean
  maxPerSecond?: number
  ordered?: boolean
}

interface Beside {
  /** The names of the members that are there, sound or not: one that is wrong is not said to be missing too. */
  given: string[]
  hasRegister: boolean
}

/** Returns what is wrong with sound members beside each other, in the original's order of checks (altinn-contract §8.4). */
export const violationsBetween = (sound: SoundMembers, beside: Beside): Violation[] => [
  ...genericViolations(sound),
  ...missingResource(beside),
  ...subunitViolations(sound, beside),
  ...sourceViolations(sound),
]

const isGeneric = ({ resourceFilter }: SoundMembers): boolean =>
  resourceFilter !== undefined && !appResourcePattern.test(resourceFilter)

/** The filters that a generic subscription cannot have. */
function genericViolations(sound: SoundMembers): Violation[] {
  if (!isGeneric(sound)) return []
  const filters = [
    ['sourceFilter', 'Source'],
    ['alternativeSubjectFilter', 'AlternativeSubject'],
  ] as const
  return filters.flatMap(([member, name]) =>
    sound[member] === undefined
      ? []
      : at(member, `${name} filter is not supported for subscriptions on this resource.`),
  )
}

const missingResource = ({ given }: Beside): Violation[] =>
  given.includes('resourceFilter') || given.includes('sourceFilter')
    ? []
    : at('resourceFilter', 'Resource filter is required.')

/** Subunits are of a unit, which may be named by a number that the register finds the party of. */
function subunitViolations(
  { includeSubunits, alternativeSubjectFilter = '' }: SoundMembers,
  { given, hasRegister }: Beside,
): Violation[] {
  if (includeSubunits !== true) return []
  const isFound = hasRegister && namesParty(alternativeOf(alternativeSubjectFilter))
  if (!given.includes('subjectFilter') && !isFound)
    return at('includeSubunits', 'IncludeSubunits requires a subject filter.')
  return hasRegister
    ? []
    : at(
        'includeSubunits',
        'IncludeSubunits needs a register of organisations, which this service does not have.',
      )
}

/** A source must be that of an app, and of the resource's app where there is a resource. */
function sourceViolations(sound: SoundMembers): Violation[] {
  const { sourceFilter, resourceFilter } = sound
  if (sourceFilter === undefined || isGeneric(sound)) return []
  const app = appInFilter(sourceFilter)
  if (app === undefined)
    return at(
      'sourceFilter',
      'A valid app id is required in source filter {environment}/{org}/{app}',
    )
  return resourceFilter === undefined || resourceFilter.toLowerCase() === app.resource
    ? []
    : at('sourceFilter', 'Provided resource filter and source filter are not compatible')
}

const at = (member: keyof SoundMembers, detail: string): Violation[] => [
  { pointer: `/${member}`, detail },
]

/** Whether an alternative subject names a party by a number that a register can look up. */
export const namesParty = (alternative: string): boolean =>
  /^\/(?:organisation|person)\//.test(alternative)
