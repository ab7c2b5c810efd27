import type { Fault } from '../../local/fault-proxy.ts'

/** Types of stored events, by which `filters` choose: event number n has type number n modulo 4. */
export const types = ['app.instance.created', 'app.instance.process.completed', 'App.Other', 'a,b']
/** Queries, and the numbers of the types that they must find. */
export const filters: [query: string, wanted: number[]][] = [
  ['type=app.instance.created', [0]],
  ['type=APP.INSTANCE.CREATED', [0]],
  ['type=app.instance.%25', [0, 1]],
  ['type=%25created&type=app.other', [0, 2]],
  ['type=%25created,app.other', [0, 2]],
  ['type[]=app.other', [2]],
  ['type=%25', [0, 1, 2, 3]],
  ['type=a%25b', [3]],
  ['type=app.instance', []],
  ['type=app_instance_created', []],
  ["type=' OR 1=1 --", []],
  ['type=', [0, 1, 2, 3]],
  ['source=https://ttd.apps.altinn.no/ttd/filters', []],
  ['source=https://ttd.apps.altinn.no/ttd/filters/%25', [0, 1, 2, 3]],
  ['source=HTTPS://TTD.%25/1&source=%25/2', [1, 2]],
  ['source=%25/1,%25/3', [1, 3]],
  ['source=%25/1&type=app.instance.%25', [1]],
  ['source=%25/1&type=app.other', []],
]

const SUBJECT =
  'Subject must be specified using either query params party or unit or header value person.'
/** Addresses that must be answered 400, and the `detail`. */
export const refusals: [address: string, detail: string][] = [
  ['ttd/apps-test', "The 'From' or 'After' parameter must be defined."],
  ['ttd/apps-test?after=', "The 'From' or 'After' parameter must be defined."],
  ['ttd/apps-test?party=1&size=5', "The 'From' or 'After' parameter must be defined."],
  ['ttd/apps-test?after=1&size=0', "The 'Size' parameter must be a number larger that 0."],
  ['ttd/apps-test?after=1&size=abc', "The 'Size' parameter must be a number larger that 0."],
  [
    'ttd/apps-test?from=2026-02-01T10:00:00',
    "The 'From' parameter must specify timezone. E.g. 2022-07-07T11:00:53.3917Z for UTC",
  ],
  [
    'ttd/apps-test?after=1&to=2026-02-01',
    "The 'To' parameter must specify timezone. E.g. 2022-07-07T11:00:53.3917Z for UTC",
  ],
  ['party?after=1&party=1&unit=991825827', "Only one of 'Party' or 'Unit' can be defined."],
  ['party?after=1&unit=1', "Value of 'Unit' needs to be exactly 9 digits."],
  ['party?after=1', SUBJECT],
  ['party?after=1&party=0', SUBJECT],
  ['party?after=1&source=%25', SUBJECT],
  ['party', "The 'From' or 'After' parameter must be defined."],
]

/** Faults of the store that pass. */
export const faults: [what: string, fault: Fault][] = [
  ['a 503', { status: 503 }],
  ['a 500', { status: 500 }],
  ['a 429', { status: 429, headers: { 'x-ms-retry-after-ms': '50' } }],
  ['a cut after it was done', 'cut after'],
]
