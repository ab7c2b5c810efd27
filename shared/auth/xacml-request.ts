import { genericResource } from '../events/generic-event.ts'
import type { AccessQuestion } from './access-question.ts'

// The JSON Profile of XACML 3.0, in the attributes of Altinn's policies (altinn-contract §8.2).

const ACTION = 'urn:oasis:names:tc:xacml:1.0:action:action-id'
const STRING = 'http://www.w3.org/2001/XMLSchema#string'
const ORGANISATION = 'urn:altinn:organization:identifier-no'
const OLD_ORGANISATION = 'urn:altinn:organizationnumber' // policies have either
const EVENT_ID = 'urn:altinn:event-id'
const INSTANCE = 'urn:altinn:resourceinstance'

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const subjects: [form: RegExp, attribute: string][] = [
  [/^\/org\/([\w-]{1,100})$/, 'urn:altinn:org'],
  [/^(?:\/user\/|urn:altinn:userid:)(\d{1,20})$/, 'urn:altinn:userid'],
  [/^(?:\/party\/|urn:altinn:partyid:)(\d{1,20})$/, 'urn:altinn:partyid'],
  [new RegExp(`^/systemuser/(${uuid})$`, 'i'), 'urn:altinn:systemuser:uuid'],
  [new RegExp(`^urn:altinn:party:uuid:(${uuid})$`, 'i'), 'urn:altinn:party:uuid'],
  [/^(?:\/organisation\/|urn:altinn:organization:identifier-no:)(\d{9})$/, ORGANISATION],
]
/** Attributes that say something else than a resource does: one with such a urn would be taken for it. */
const reserved = new Set([
  EVENT_ID,
  'urn:altinn:eventtype',
  'urn:altinn:eventsource',
  INSTANCE,
  'urn:altinn:app',
  'urn:altinn:appresource',
  OLD_ORGANISATION,
  ...subjects.map(([, attribute]) => attribute),
])

type Attribute = [id: string, value: string]

/** A request for one decision, and the key under which the decision is kept: all that is asked but the event's id. */
export interface DecisionRequest {
  body: string
  key: string
}

/**
 * Returns the request for a decision. Undefined where the caller or the resource has no checked form: that is never sent. A
 * subject without one is left out: the question is then about every subject of the resource.
 */
export function decisionRequestOf(question: AccessQuestion): DecisionRequest | undefined {
  const caller = callerAttributes(question.who)
  const resource = resourceAttributes(question)
  if (caller.length === 0 || resource === undefined) return undefined
  const action: Attribute[] = [[ACTION, actionOf(question)]]
  const Request = {
    AccessSubject: categoryOf(caller),
    Action: categoryOf(action),
    Resource: categoryOf(resource),
  }
  const lasting = resource.filter(([id]) => id !== EVENT_ID)
  return {
    body: JSON.stringify({ Request }),
    key: JSON.stringify([caller, action, lasting]),
  }
}

const categoryOf = (attributes: Attribute[]) => [
  {
    Attribute: attributes.map(([AttributeId, Value]) => ({ AttributeId, Value, DataType: STRING })),
  },
]

/** Returns the consumer, and the number of the organisation where it is an org with one. */
function callerAttributes({ consumer, organisation }: AccessQuestion['who']): Attribute[] {
  const isOrg = consumer.startsWith('/org/')
  const number = isOrg && organisation !== undefined ? `/organisation/${organisation}` : undefined
  const own = attributesOf(consumer)
  return own.length === 0
    ? []
    : [...own, ...attributesOf(number)].flatMap(([id, value]): Attribute[] =>
        id === ORGANISATION
          ? [
              [id, value],
              [OLD_ORGANISATION, value],
            ]
          : [[id, value]],
      )
}

/** Returns the attribute that a subject is asked as, or none. */
function attributesOf(subject: string | undefined): Attribute[] {
  for (const [form, attribute] of subjects) {
    const value = form.exec(subject ?? '')?.[1]
    if (value !== undefined) return [[attribute, value]]
  }
  return []
}

/** Returns the attributes of what is asked for, each once; undefined for a resource that no event can have. */
function resourceAttributes({ resource, subject, event }: AccessQuestion): Attribute[] | undefined {
  const colon = resource.lastIndexOf(':')
  const [name, value] = [resource.slice(0, colon), resource.slice(colon + 1)]
  if (!genericResource.test(resource) || reserved.has(name)) return undefined
  const about: Attribute[] = [[name, value], ...appAttributes(resource), ...eventAttributes(event)]
  const isNew = ([id]: Attribute) => about.every(([known]) => known !== id)
  return [...about, ...attributesOf(subject).filter(isNew)]
}

function eventAttributes(event: AccessQuestion['event']): Attribute[] {
  if (event === undefined) return []
  const { id, type, source, resourceinstance } = event
  const attributes: Attribute[] = [
    [EVENT_ID, id],
    ['urn:altinn:eventtype', type],
    ['urn:altinn:eventsource', source],
  ]
  if (resourceinstance !== undefined) attributes.push([INSTANCE, resourceinstance])
  return attributes
}

const app = /^urn:altinn:resource:app_([^_]+)_(.+)$/

function appAttributes(resource: string): Attribute[] {
  const [, org, name] = app.exec(resource) ?? []
  if (org === undefined || name === undefined) return []
  return [
    ['urn:altinn:org', org],
    ['urn:altinn:app', name],
    ['urn:altinn:appresource', 'events'],
  ]
}

/** Altinn's policies have `read` for the events of apps, and `subscribe` for others. A caller that may publish may inspect. */
function actionOf({ action, resource }: AccessQuestion): string {
  if (action === 'publish' || action === 'inspect') return 'publish'
  return app.test(resource) ? 'read' : 'subscribe'
}
