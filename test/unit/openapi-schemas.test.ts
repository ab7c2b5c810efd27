import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleEvent } from '../../local/example.ts'
import { parseEventDraft } from '../../shared/events/event-draft.ts'
import { parseGenericEvent } from '../../shared/events/generic-event.ts'
import type { JsonBody } from '../../shared/http/json.ts'
import { parseReadRequest } from '../../shared/events/read-request.ts'
import { parseReplayRequest } from '../../shared/flows/start-replay.ts'
import {
  parsePreviewRequest,
  parseSubscriptionRequest,
} from '../../shared/subscriptions/subscription-request.ts'
import { assertValid, description } from '../support/openapi-validation.ts'

const parsePreview = (body: JsonBody) => parsePreviewRequest(body, { hasRegister: true })
const parseWithRegister = (body: JsonBody) => parseSubscriptionRequest(body, { hasRegister: true })
const x = (length: number) => 'x'.repeat(length)
const address = 'https://ttd.apps.altinn.no/ttd/apps-test/'
const addressOf = (length: number) => address.padEnd(length, 'x')
const texts = (max: number) => [x(max), x(max + 1), 1, {}, []]
const filters = [...texts(2048), '', null]

/** For each member values that are right and values that are wrong, at the limit and one beyond. */
const requests = {
  EventDraft: {
    parser: parseEventDraft,
    example: exampleEvent,
    values: {
      type: [...texts(255), '', null],
      source: [
        addressOf(2048),
        addressOf(2049),
        'HTTP://x/ttd/apps-test',
        'ftp://x/y',
        '/ttd/a',
        'x',
      ],
      subject: [
        '/party/1',
        `/party/${'1'.repeat(20)}`,
        `/party/${'1'.repeat(21)}`,
        '/person/1',
        '',
      ],
      specversion: [...texts(255), '', '0.3'],
      alternativesubject: [...texts(2048), null],
      data: [null, 1, {}, [], 'x'],
      dataschema: [addressOf(2048), addressOf(2049), 'not a URI', null, 1],
      contenttype: ['application/json', 'nonsense', `a/${x(253)}`, `a/${x(254)}`, null, {}, 1],
      id: ['x', 1],
    },
  },
  GenericEvent: {
    parser: parseGenericEvent,
    example: {
      specversion: '1.0',
      id: '1',
      source: '/a',
      type: 'a',
      resource: 'urn:altinn:resource:a',
    },
    values: {
      specversion: ['0.3', 1, null],
      id: [x(255), x(256), '', 1, null],
      source: [x(2048), x(2049), '', 1, null],
      type: [x(255), x(256), '', 1, null],
      resource: [
        'urn:a:b',
        'urn:A:b',
        'urn:a',
        'urn:a:',
        'a',
        `urn:a:${x(100)}`,
        `urn:a:${x(101)}`,
      ],
      time: ['2026-01-01T00:00:00Z', '2026-01-01', 'now', 1, null],
      subject: [x(1000), x(1001), '', 1, null],
      alternativesubject: [x(2048), x(2049), null],
      data: [null, 1, {}, [], 'x'],
      data_base64: ['AQI=', 1, null],
      extension: ['x', 1, true, null, {}, []],
    },
  },
  SubscriptionRequest: {
    parser: parseWithRegister,
    example: {
      endPoint: 'https://subscriber.example/',
      resourceFilter: 'urn:altinn:resource:app_ttd_apps-test',
    },
    values: {
      endPoint: [null, 1, {}],
      resourceFilter: [`urn:a:${x(2042)}`, `urn:a:${x(2043)}`, 'URN:a:b', 'urn:a', 'urn:a:b c', ''],
      sourceFilter: [
        'http://ttd.apps.altinn.no/ttd/apps-test',
        'ttd/apps-test',
        addressOf(2049),
        '',
        null,
      ],
      subjectFilter: ['/party/1', 'urn:a:b', null],
      alternativeSubjectFilter: filters,
      typeFilter: filters,
      includeSubunits: [true, false, null, 'false'],
      maxPerSecond: [1, 1000, 0, 1001, 1.5, '5', null],
      ordered: [true, false, null, 'true', 1],
      other: [1],
    },
  },
  SubscriptionPreviewRequest: {
    parser: parsePreview,
    example: { resourceFilter: 'urn:altinn:resource:app_ttd_apps-test' },
    values: { endPoint: ['https://subscriber.example/', null, 1, {}], typeFilter: filters },
  },
  'SubscriptionRequest of a generic resource': {
    parser: parseWithRegister,
    example: { endPoint: 'https://subscriber.example/', resourceFilter: 'urn:altinn:resource:a' },
    values: { subjectFilter: ['/org/1', ...texts(1024), '', null], typeFilter: filters },
  },
  'SubscriptionRequest with subunits': {
    parser: parseWithRegister,
    example: {
      endPoint: 'https://subscriber.example/',
      resourceFilter: 'urn:altinn:resource:a',
      subjectFilter: 'urn:altinn:organization:identifier-no:991825827',
      includeSubunits: true,
    },
    values: { includeSubunits: [false, null, 'true'] },
  },
  ReplayRequest: {
    parser: parseReplayRequest,
    example: { only: 'dead', from: '2026-08-20T10:57:56Z' },
    values: {
      only: ['dead', 'missing', 'all', 'none', null],
      from: ['2026-08-20T10:57:56.123+02:00', '2026-08-20T10:57:56', 'yesterday', 1, null],
      to: ['2026-08-20T10:57:57Z', 'today', 1, null],
      other: [1],
    },
  },
}

for (const [name, { parser, example, values }] of Object.entries(requests))
  test(`the schema ${name} accepts exactly what the code accepts`, () => {
    const pointer = `/components/schemas/${name.replace(/ .*/, '')}`
    const bodies = Object.entries(values).flatMap(([member, given]) => [
      Object.fromEntries(Object.entries(example).filter(([each]) => each !== member)),
      ...given.map((value) => ({ ...example, [member]: value })),
    ])
    for (const value of [example, ...bodies, [], null, 'x'])
      assert.equal(
        passes(() => assertValid(pointer, value)),
        passes(() => parser({ text: JSON.stringify(value), value })),
        JSON.stringify(value),
      )
  })

test('describes the bounds and defaults of the read parameters', () => {
  const { Size, Source } = Object(description).components.parameters
  const parsed = (query: string) => parseReadRequest(`http://x/?after=1&${query}`, null, 30)
  const { default: usual, minimum, maximum } = Size.schema
  assert.equal(parsed('').size, usual)
  assert.equal(parsed(`size=${maximum}`).size, maximum)
  assert.equal(parsed(`size=${maximum + 1}`).size, maximum)
  assert.equal(parsed(`size=${minimum}`).size, minimum)
  assert.throws(() => parsed(`size=${minimum - 1}`))
  const sources = (count: number) => Array.from({ length: count }, (_, each) => `source=${each}`)
  assert.equal(
    parsed(sources(Source.schema.maxItems).join('&')).sources.length,
    Source.schema.maxItems,
  )
  assert.throws(() => parsed(sources(Source.schema.maxItems + 1).join('&')))
})

function passes(check: () => unknown): boolean {
  try {
    check()
    return true
  } catch {
    return false
  }
}
