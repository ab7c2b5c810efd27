import assert from 'node:assert/strict'
import fc from 'fast-check'
import Joi from 'joi'
import { exampleEvent } from '../../local/example.ts'
import {
  parseDeliveryReference,
  parseDrainMessage,
  parseInboundMessage,
  parseReplayMessage,
  parseValidationMessage,
} from '../../shared/messages.ts'
import { property } from './property.ts'
import { soundValue } from './values.ts'

const uuid = fc.uuid()
const text = fc.string({ minLength: 1 })
const number = fc.nat().map(String)
const hash = fc.stringMatching(/^[0-9a-f]{64}$/)
const reference = { event: uuid, resource: text, subject: text, traceparent: text }

interface Kind {
  parse: (message: unknown) => object
  /** Members that each message of the kind must have, beside `v`, and what they may be. */
  members: Record<string, fc.Arbitrary<unknown>>
}
const kinds: Kind[] = [
  { parse: parseInboundMessage, members: reference },
  {
    parse: parseDeliveryReference,
    members: { ...reference, subscription: number, run: fc.nat(), attempt: fc.nat() },
  },
  {
    parse: parseValidationMessage,
    members: { consumer: text, subscription: hash, attempt: fc.nat() },
  },
  { parse: parseDrainMessage, members: { consumer: text, subscription: hash, token: uuid } },
  { parse: parseReplayMessage, members: { subscription: number, replay: uuid } },
]
const ours = fc
  .constantFrom(...kinds)
  .chain(({ parse, members }) =>
    fc.record({ v: fc.constant(1), ...members }).map((message) => ({ parse, message })),
  )
const names = [...new Set(kinds.flatMap(({ members }) => Object.keys(members)))]
const moreNames = ['v', 'session', 'delivery', 'after', 'spilled', 'id']

/** A message of ours in which members are missing, or are something else. */
const spoiled = ours.chain(({ message }) =>
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...names, ...moreNames), soundValue, { maxKeys: 2 }),
      fc.subarray(names, { maxLength: 2 }),
    )
    .map(([wrong, missing]) =>
      Object.fromEntries(
        Object.entries({ ...message, ...wrong }).filter(([name]) => !missing.includes(name)),
      ),
    ),
)
const spilled = uuid.map((id) => {
  const [resource, { subject }] = ['urn:altinn:resource:app_ttd_apps-test', exampleEvent]
  return { v: 1, spilled: { v: 1, id, resource, subject, event: { ...exampleEvent, id } } }
})

/** A message of a queue: one of ours, nearly one, or anything at all. */
export const queueMessage = fc.oneof(
  { weight: 3, arbitrary: ours.map(({ message }) => message) },
  { weight: 3, arbitrary: spoiled },
  { weight: 1, arbitrary: spilled },
  { weight: 1, arbitrary: soundValue },
)

/** Why a parser does not take a message; undefined where it does, as it is. */
function faultOf(parse: Kind['parse'], message: unknown): string | undefined {
  try {
    assert.deepEqual(parse(message), message)
    return undefined
  } catch (error) {
    if (!Joi.isError(error)) throw error
    return error.message
  }
}

export const messageProperties = [
  property(
    'accepts the app’s own messages unchanged, and none with a missing member',
    40,
    ours,
    (given) => {
      const { parse, message } = given
      assert.equal(faultOf(parse, message), undefined)
      for (const name of Object.keys(message)) {
        const { [name]: _left, ...rest } = Object(message)
        assert.match(faultOf(parse, rest) ?? '', new RegExp(`"${name}" is required`))
      }
    },
  ),
  property('accepts any message unchanged, or names its fault', 20, queueMessage, (message) => {
    for (const { parse } of kinds) assert.notEqual(faultOf(parse, message), '')
  }),
]
