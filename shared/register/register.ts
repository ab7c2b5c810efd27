import Joi from 'joi'
import { createAnswerCache, type Answer } from './answer-cache.ts'
import { createAskRegister, type RegisterOptions } from './ask-register.ts'
import { isOrganisationNumber } from './organisation-number.ts'

const MAX_PARTY_ID = 2 ** 31 - 1

const partyId = Joi.number().integer().min(1).max(MAX_PARTY_ID)
const partyAnswer = Joi.object<{ partyId: number }>({ partyId: partyId.required() }).unknown()
const mainUnitsAnswer = Joi.object<{ data: MainUnit[] }>({
  data: Joi.array()
    .items(
      Joi.object<MainUnit>({
        partyId: partyId.allow(null),
        organizationIdentifier: Joi.string().allow(null),
      }).unknown(),
    )
    .required(),
}).unknown()

interface MainUnit {
  partyId?: number | null
  organizationIdentifier?: string | null
}

/** What the register of parties knows. Nothing throws. */
export interface Register {
  /** Returns the subject `/party/{id}` of `/organisation/{number}` or `/person/{number}`; undefined where there is none. */
  partyOf(alternative: string): Promise<Answer<string>>
  /** Returns every subject that names a main unit of what a subject names. */
  mainUnitsOf(subject: string): Promise<string[] | 'unavailable'>
}

/**
 * Asks Altinn's register of parties, as the original does: `v1/parties/lookup` for a party, `v2/internal/parties/main-units`
 * for the main units of an organisation. Only numbers that can be valid are sent.
 */
export function createRegister(options: RegisterOptions): Register {
  const ask = createAskRegister(options)
  const now = options.now ?? Date.now
  const parties = createAnswerCache({
    ask: (alternative) =>
      ask({
        path: 'v1/parties/lookup',
        body: numbersIn(alternative),
        read: readParty,
        isAbsentBy404: true,
      }),
    now,
  })
  const units = createAnswerCache({
    ask: (urn) =>
      ask({
        path: 'v2/internal/parties/main-units',
        body: { data: urn },
        read: readMainUnits,
        isAbsentBy404: false, // an empty list: an event must not be lost to a wrong address
      }),
    now,
  })
  return {
    partyOf: async (alternative) =>
      canBeAsked(numbersIn(alternative)) ? parties(alternative) : undefined,
    async mainUnitsOf(subject) {
      const urn = urnOf(subject)
      return urn === undefined ? [] : ((await units(urn)) ?? [])
    },
  }
}

interface Numbers {
  orgNo?: string
  ssn?: string
}

/** Returns the number in an alternative subject, as the register wants it. */
function numbersIn(alternative: string): Numbers {
  const [, kind, number = ''] = /^\/(organisation|person)\/(\d+)$/.exec(alternative) ?? []
  if (kind === undefined) return {}
  return kind === 'person' ? { ssn: number } : { orgNo: number }
}

const canBeAsked = ({ orgNo = '', ssn = '' }: Numbers): boolean =>
  isOrganisationNumber(orgNo) || /^\d{11}$/.test(ssn)

/** Returns the urn of the organisation that a subject may name, which may be a party of any kind. */
function urnOf(subject: string): string | undefined {
  const [, party = '', number = ''] =
    /^(?:\/party\/(\d{1,10})|(?:\/org\/|\/organisation\/|urn:altinn:organization:identifier-no:)(\d{9}))$/.exec(
      subject,
    ) ?? []
  if (isOrganisationNumber(number)) return `urn:altinn:organization:identifier-no:${number}`
  const id = Number(party)
  return id >= 1 && id <= MAX_PARTY_ID ? `urn:altinn:party:id:${id}` : undefined
}

function readParty(answer: unknown): string {
  const { value, error } = partyAnswer.validate(answer)
  if (error !== undefined) throw new Error('no party')
  return `/party/${value.partyId}`
}

/** A subscription may name the unit in any of these forms. */
function readMainUnits(answer: unknown): string[] {
  const { value, error } = mainUnitsAnswer.validate(answer)
  if (error !== undefined) throw new Error('no list of main units')
  return value.data.flatMap(({ partyId: id, organizationIdentifier: number }) => [
    ...(typeof id === 'number' ? [`/party/${id}`] : []),
    ...(typeof number === 'string'
      ? [
          `/organisation/${number}`,
          `/org/${number}`,
          `urn:altinn:organization:identifier-no:${number}`,
        ]
      : []),
  ])
}
