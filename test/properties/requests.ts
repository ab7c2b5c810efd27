import assert from 'node:assert/strict'
import fc from 'fast-check'
import { readConfig, settingNames } from '../../shared/config.ts'
import { boundAt } from '../../shared/events/event-id.ts'
import { parseJson } from '../../shared/http/json.ts'
import { parseReadRequest } from '../../shared/events/read-request.ts'
import { parseReplayRequest } from '../../shared/flows/start-replay.ts'
import { newReplay } from '../../shared/deliveries/replay-store.ts'
import { parseSubscriptionRequest } from '../../shared/subscriptions/subscription-request.ts'
import { sourceMatches, entryOf } from '../../shared/subscriptions/subscription.ts'
import { problemOr } from './events.ts'
import { property } from './property.ts'
import { damaged, jsonText, objectText, oddText, soundValue } from './values.ts'

const oneOf = (...texts: string[]) =>
  fc.oneof(fc.constantFrom(...texts), oddText, damaged(fc.constantFrom(...texts)))
const asText = (value: unknown) => JSON.stringify(value) ?? 'null'

/** The text of an object that has some of these members, each right, wrong, or of another kind. */
const bodyOf = (members: Record<string, fc.Arbitrary<string | boolean>>) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record(
          Object.fromEntries(
            Object.entries(members).map(([name, value]) => [
              name,
              fc.oneof(
                { weight: 5, arbitrary: value.map(asText) },
                jsonText,
                soundValue.map(asText),
              ),
            ]),
          ),
          { requiredKeys: [] },
        )
        .map((record) => objectText(Object.entries(record))),
    },
    jsonText,
    oddText,
  )

export const subscriptionText = bodyOf({
  endPoint: oneOf('https://example.no/hook', 'http://127.0.0.1/'),
  sourceFilter: oneOf('https://ttd.apps.altinn.no/ttd/apps-test', 'https://h/ttd'),
  ResourceFilter: oneOf('urn:altinn:resource:app_ttd_apps-test', 'urn:x:y'),
  subjectFilter: oneOf('/party/1'),
  alternativeSubjectFilter: oneOf('/org/1', '/organisation/1'),
  typeFilter: oneOf('app.instance.created'),
  includeSubunits: fc.oneof(fc.boolean(), oddText),
})
const when = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
    .map((date) => date.toISOString()),
  oneOf(
    '2026-01-01T00:00:00Z',
    '+275760-09-13T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '2026-01-01',
    '2026-02-30T00:00:00Z',
    '1969-12-31T23:59:59Z',
    '2026-W01-1T00:00:00Z',
    '9999-12-31T24:00:00Z',
  ),
)
export const replayText = bodyOf({ only: oneOf('dead', 'missing', 'all'), from: when, to: when })

/** What comes after the ? of a reading request. */
export const readQuery = fc
  .array(
    fc.tuple(
      oneOf(
        'after',
        'from',
        'to',
        'size',
        'party',
        'unit',
        'source',
        'type[]',
        'FROM',
        'source[0]',
      ),
      fc.oneof(
        when,
        fc.uuid(),
        oneOf('0', '1', '50', '1e3', '1001', '%', 'a%b%c', '50019855', '987654321'),
      ),
    ),
    { maxLength: 6 },
  )
  .map((pairs) =>
    pairs
      .map((pair) => pair.map((each) => encodeURIComponent(each.toWellFormed())).join('='))
      .join('&'),
  )

const value = fc.oneof(
  oddText.filter((text) => !text.includes('\0')),
  fc.constantFrom('', '0', '1', '-1', '1e9', '{issuer}', 'https://a.no', '127.0.0.0/8', 'x,y'),
)
const secret = fc.constantFrom(
  'AccountEndpoint=x;AccountKey=S3CRET',
  'AccountName=x;AccountKey=S3CRET',
  '{"ttd":["S3CRET"]}',
  '{"ttd":[]}',
  'S3CRET',
)
const secretSettings = ['Cosmos', 'QueueStorage', 'PLATFORM_TOKEN_CERTIFICATES']
const settings = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...settingNames), value),
    fc.dictionary(fc.constantFrom(...secretSettings), secret),
  )
  .map(([some, secrets]) => ({ ...some, ...secrets }))

export const requestProperties = [
  property(
    'a subscription request is accepted or a 400, and its filters match accordingly',
    40,
    subscriptionText,
    (body) => {
      const request = problemOr(
        () =>
          parseSubscriptionRequest({ text: body, value: parseJson(body) }, { hasRegister: true }),
        400,
      )
      if (request === undefined) return
      const { filters } = request
      const key = { id: 'a', consumer: '/org/ttd', number: 1 }
      const document = { ...key, endpoint: 'https://example.no/hook', secrets: [], filters }
      const {
        resource,
        source = '',
        subject,
        alternative,
        type,
      } = entryOf(document, 0, (same) => same)
      assert.deepEqual(
        [resource, subject, alternative, type],
        [filters.resource, filters.subject, filters.alternative, filters.type],
      )
      assert.ok(
        sourceMatches(source, source) &&
          sourceMatches(source, `${source}/x`) &&
          !sourceMatches(`${source}x`, source),
      )
    },
  ),
  property(
    'a replay request is accepted or a 400, and its bounds select the ids of its interval',
    30,
    replayText,
    (body) => {
      const request = problemOr(() => parseReplayRequest({ value: parseJson(body) }), 400)
      if (request === undefined) return
      const [from, until] = [
        newReplay('id', '1', request, 0).cursor,
        boundAt(Date.parse(request.to)),
      ]
      assert.ok(from <= until && until <= boundAt(2 ** 48 - 1), `${from} to ${until}`)
    },
  ),
  property(
    'a read request is accepted or a 400, and never reaches past the read watermark',
    40,
    readQuery,
    (query) => {
      const now = Date.now()
      const request = problemOr(
        () => parseReadRequest(`https://h/app/ttd/a?${query}`, null, 30, now),
        400,
      )
      if (request === undefined) return
      assert.ok(request.until <= boundAt(now - 30_000) && request.size >= 1 && request.size <= 1000)
      assert.ok(Object.keys(request.about).length <= 1)
    },
  ),
  property(
    'settings are accepted or rejected by name, without showing a secret',
    20,
    settings,
    (environment) => {
      try {
        readConfig(environment)
      } catch (error) {
        assert.ok(
          error instanceof Error && error.message.startsWith('Wrong settings: '),
          String(error),
        )
        assert.ok(!error.message.includes('S3CRET'))
      }
    },
  ),
]
