import assert from 'node:assert/strict'
import fc from 'fast-check'
import { requireOwnSource } from '../../shared/auth/source-ownership.ts'
import { newCloudEvent } from '../../shared/events/cloud-event.ts'
import { newEventDocument } from '../../shared/events/event-document.ts'
import { bodyOf } from '../../shared/events/event-body.ts'
import { parseEventDraft } from '../../shared/events/event-draft.ts'
import { newEventId, timeOf } from '../../shared/events/event-id.ts'
import { appOf, faultOfSource, hostOf } from '../../shared/events/source.ts'
import { parseJson } from '../../shared/http/json.ts'
import { Problem } from '../../shared/http/problem.ts'
import { webhookRequest } from '../../shared/webhooks/webhook-request.ts'
import { type Generated, property } from './property.ts'
import {
  damaged,
  jsonText,
  objectText,
  oddText,
  soundText,
  soundValue,
  webAddress,
} from './values.ts'

/** What CloudEvents calls a text, of the lengths that are taken. */
const eventText = (maxLength: number) =>
  soundText
    .map((text) => text.replaceAll(/[\p{Cc}\p{Noncharacter_Code_Point}]/gu, ''))
    .filter((text) => text.length > 0 && text.length <= maxLength)

const pathPart = fc
  .array(fc.constantFrom(...'a Z 0 9 - . _ ~ ! $ & ( ) * + , ; = : @ %C3%A5 %20'.split(' '), "'"), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
  .filter((part) => !/^\.{1,2}$/.test(part))
const instance = fc
  .tuple(fc.nat(), fc.uuid())
  .map(([party, id]) => ({ rest: `/instances/${party}/${id}`, name: `${party}/${id}` }))
const elsewhere = fc
  .array(pathPart, { maxLength: 4 })
  .filter(([first]) => first !== 'instances')
  .map((parts) => ({ rest: parts.map((part) => `/${part}`).join(''), name: undefined }))

/** A source of the app ttd/apps-test, with the instance that it names. */
const ownSource = fc.record({
  host: fc.constantFrom(
    'https://ttd.apps.altinn.no',
    'http://local.altinn.cloud',
    'HTTPS://[::1]:8443',
  ),
  path: fc.oneof(instance, elsewhere),
  end: fc.constantFrom('', '?a=/../b', '#//x', '?'),
})

const mediaType = fc.constantFrom('application/json', 'text/plain; charset=utf-8', 'a/b;c="d e"')
const schemaUri = fc.oneof(webAddress, fc.constant('urn:a:b'))

/** An event that must be accepted: the members a publisher may send, `undefined` where it leaves one out. */
export const goodEvent = fc
  .record({
    type: eventText(255),
    from: ownSource,
    party: fc.oneof(fc.nat().map(String), fc.constant('9'.repeat(20)), fc.constant('0')),
    specversion: eventText(255),
    alternativesubject: fc.option(eventText(2048), { nil: undefined }),
    dataschema: fc.option(schemaUri, { nil: undefined }),
    contenttype: fc.option(mediaType, { nil: undefined }),
    data: fc.option(soundValue, { nil: undefined }),
  })
  .map(({ from, party, ...members }) => ({
    members: {
      ...members,
      source: `${from.host}/ttd/apps-test${from.path.rest}${from.end}`,
      subject: `/party/${party}`,
    },
    resourceinstance: from.path.name,
  }))

const ignored = fc.tuple(
  fc.constantFrom('id', 'time', 'resource', 'datacontenttype', 'x', ''),
  jsonOfSound(),
)
function jsonOfSound() {
  return soundValue.map((value) => JSON.stringify(value))
}

/** The same event as clients may write it: names in any case, each perhaps wrong before it is right, others between. */
export const goodEventText = fc
  .record({
    event: goodEvent,
    before: fc.array(
      fc.tuple(fc.constantFrom('type', 'source', 'data', 'Subject'), jsonOfSound()),
      { maxLength: 3 },
    ),
    between: fc.array(ignored, { maxLength: 3 }),
    isUpper: fc.func(fc.boolean()),
    blank: fc.constantFrom('', ' ', '\r\n\t'),
  })
  .map(({ event, before, between, isUpper, blank }) => {
    const given = Object.entries(event.members).map(([name, value]): [string, string] => [
      isUpper(name) ? name.toUpperCase() : name,
      value === undefined ? 'null' : JSON.stringify(value),
    ])
    return { event, text: `${blank}${objectText([...before, ...between, ...given])}${blank}` }
  })

/** What must reach a subscriber of an event, but for the id and time that it was given. */
export function deliveredMembers({
  members,
  resourceinstance,
}: Generated<typeof goodEvent>): object {
  const { type, source, subject, alternativesubject, dataschema, contenttype, data } = members
  return JSON.parse(
    JSON.stringify({
      specversion: '1.0',
      source,
      subject,
      type,
      resource: 'urn:altinn:resource:app_ttd_apps-test',
      resourceinstance,
      alternativesubject,
      dataschema,
      datacontenttype: contenttype,
      data: data ?? undefined, // null counts as absent
    }),
  )
}

const publisher = { org: 'ttd', app: 'apps-test' }
const parse = (text: string) => parseEventDraft({ text, value: parseJson(text) })

/** Runs what may end in a problem, which must then be one of these. */
export function problemOr<T>(work: () => T, ...statuses: number[]): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof Problem && statuses.includes(error.status)) return undefined
    throw error
  }
}

/** Sources that are nearly the publisher's own, or nearly URLs. */
const oddSource = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('https', 'https', 'http', 'HTTPS', 'ftp', ''),
      fc.constantFrom('://', '://', '://', ':/', ':///', '://a@', '://%61', ':\\\\'),
      fc.oneof(fc.domain(), fc.constantFrom('ttd.apps.altinn.no', '[::1]', '127.1', 'x:65536', '')),
      fc.array(
        fc.oneof(
          fc.constantFrom(
            'ttd',
            'apps-test',
            '..',
            '.',
            '%2e%2e',
            'ttd%2fapps-test',
            '..%5Cttd',
            '',
            'TTD',
            '%74td',
            ';',
          ),
          pathPart,
          oddText,
        ),
        { maxLength: 5 },
      ),
      fc.constantFrom('', '?a', '#b', '?/ttd/apps-test', '/'),
    )
    .map(([scheme, mark, host, parts, end]) => `${scheme}${mark}${host}/${parts.join('/')}${end}`),
  damaged(fc.constant('https://ttd.apps.altinn.no/ttd/apps-test/instances/1/2')),
)

export const eventProperties = [
  property(
    'a body is an event or a 400, whatever it contains',
    160,
    fc.oneof(jsonText, oddText, damaged(goodEventText.map(({ text }) => text))),
    (text) => {
      const draft = problemOr(() => parse(text), 400)
      if (draft !== undefined) assert.equal(faultOfSource(draft.source), undefined)
    },
  ),
  property(
    'an event keeps its members from parsing to delivery',
    120,
    goodEventText,
    ({ event, text }) => {
      const made = newCloudEvent(parse(text), publisher, newEventId())
      const document = newEventDocument({
        id: made.id,
        event: made,
        traceparent: '00-1-2-01',
        pending: 60,
      })
      const stored: typeof document = JSON.parse(JSON.stringify(document))
      const { body } = webhookRequest('https://example.no/hook', bodyOf(stored.event), '00-1-2-01')
      const { id, time, ...members } = JSON.parse(body.toString())
      assert.deepEqual(members, deliveredMembers(event))
      assert.equal(time, timeOf(id).toISOString())
    },
  ),
  property(
    'an accepted source means the same to every reader, and belongs to its publisher',
    120,
    oddSource,
    (source) => {
      if (faultOfSource(source) !== undefined) return
      const { pathname, hostname, username, password } = new URL(source)
      const [, org = '', app] = pathname.split('/')
      const named = appOf(source)
      assert.deepEqual([named.org ?? '', named.app], [org, app])
      assert.doesNotMatch(pathname, /%2f|%5c/i) // the same to who decodes before it splits
      assert.deepEqual([hostOf(source), username, password], [hostname, '', ''])
      const isOwn = problemOr(() => (requireOwnSource(publisher, source, undefined), true), 401)
      assert.equal(isOwn ?? false, org === 'ttd' && app === 'apps-test')
    },
  ),
]
