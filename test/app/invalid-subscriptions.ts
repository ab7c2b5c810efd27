const RESOURCE = 'urn:altinn:resource:app_ttd_apps-test'
const SOURCE = 'https://ttd.apps.altinn.no/ttd/apps-test'
const ENDPOINT = 'Missing or invalid endpoint to push events towards'
const SCHEME = 'SourceFilter must be an absolute URL with the https scheme.'
const URN = 'Resource filter must be a valid urn'
const APP = 'A valid app id is required in source filter {environment}/{org}/{app}'
const UNLIKE = 'Provided resource filter and source filter are not compatible'
const subunits = { includeSubunits: true }

const bad = 'must not have a host whose address is a private or reserved address'
const never = "must not have a host whose address is an address of the cloud's own services"
const endpoints: [fault: string, ...urls: string[]][] = [
  ['must be an absolute https URL', 'abc', '//127.0.0.1/x', 'ftp://127.0.0.1/', 'https://'],
  ['must be an absolute https URL', 'javascript:alert(1)', 'https:127.0.0.1', 'file:///etc/passwd'],
  ['must not have user information', 'https://user:pass@127.0.0.1/', 'http://@127.0.0.1/'],
  ['must not have a fragment', 'http://127.0.0.1/#x'],
  ['must not have white space', 'http://127.0.0.1/ x', 'http://127.0.0.1\\x', 'https://a\n.no/'],
  ['must have at most 2048 characters', `http://127.0.0.1/${'x'.repeat(2048)}`],
  ['must not have a host whose address is not in', 'http://93.184.216.34/', 'http://1.1.1.1:8080/'],
  [bad, 'https://10.0.0.1', 'https://192.168.1.1/', 'https://172.16.0.1/', 'http://10.0.0.1/'],
  [bad, 'https://167772161/', 'https://0xa000001/', 'https://012.0.0.1/', 'https://10.1/'],
  [bad, 'https://[::ffff:10.0.0.1]/', 'https://[::ffff:a00:1]/', 'https://[64:ff9b::10.0.0.1]/'],
  [bad, 'https://[2002:a00:1::]/', 'https://[::1]/', 'https://[fd00::1]/', 'https://[fe80::1]/'],
  [bad, 'https://0.0.0.0/', 'https://[::]/', 'https://１０.0.0.1/', 'https://10.0.0.1./'],
  [never, 'https://169.254.169.254/', 'http://2852039166/', 'https://0xa9fea9fe/'],
  [never, 'https://[::ffff:169.254.169.254]/', 'https://[64:ff9b::a9fe:a9fe]/'],
  [never, 'https://168.63.129.16/', 'http://168.63.129.16/', 'https://2822734096/'],
  [never, 'https://0250.077.0201.020/', 'https://168.63.33040/', 'https://[2002:a83f:8110::]/'],
  [never, 'https://[::ffff:168.63.129.16]/', 'https://[fd00:ec2::254]/'],
]

/** Requests that must be answered 400, and the `detail`; `newEndpoint` returns an endpoint without a subscription. */
export function invalidSubscriptions(
  newEndpoint: () => string,
): [name: string, request: object, detail: string | RegExp][] {
  const good = () => ({ endPoint: newEndpoint(), resourceFilter: RESOURCE })
  return [
    ['no endpoint', { resourceFilter: RESOURCE }, ENDPOINT],
    ['null for an endpoint', { ...good(), endPoint: null }, ENDPOINT],
    ['an empty endpoint', { ...good(), endPoint: '' }, ENDPOINT],
    ['a number for an endpoint', { ...good(), endPoint: 5 }, ENDPOINT],
    ['no endpoint and no filter', {}, ENDPOINT],
    [
      'a source with http',
      { endPoint: newEndpoint(), sourceFilter: SOURCE.replace('s:', ':') },
      SCHEME,
    ],
    [
      'a source without a scheme',
      { endPoint: newEndpoint(), sourceFilter: 'ttd/apps-test' },
      SCHEME,
    ],
    [
      'a source that is a path',
      { endPoint: newEndpoint(), sourceFilter: '/ttd/apps-test' },
      SCHEME,
    ],
    ['a source without a host', { endPoint: newEndpoint(), sourceFilter: 'https://' }, SCHEME],
    ['a resource that is no urn', { ...good(), resourceFilter: 'app_ttd_apps-test' }, URN],
    ['a resource with a space', { ...good(), resourceFilter: `${RESOURCE} x` }, URN],
    ['a urn of nothing', { ...good(), resourceFilter: 'urn:' }, URN],
    ['neither resource nor source', { endPoint: newEndpoint() }, 'Resource filter is required.'],
    [
      'a source of an org',
      { endPoint: newEndpoint(), sourceFilter: 'https://ttd.apps.altinn.no/ttd' },
      APP,
    ],
    [
      'a source of nobody',
      { endPoint: newEndpoint(), sourceFilter: 'https://ttd.apps.altinn.no/' },
      APP,
    ],
    ...['/instances', '/', '?x=1', '#x', '/../apps-test'].map((more): [string, object, string] => [
      `a source with more than an app: ${more}`,
      { endPoint: newEndpoint(), sourceFilter: `${SOURCE}/${more}` },
      APP,
    ]),
    ...['nonsense', '/party/abc', '/party/', '/party/1/', '/PARTY/1', '/org/ttd', '/party/١'].map(
      (subjectFilter): [string, object, RegExp] => [
        `a subject that no event can have: ${subjectFilter}`,
        { ...good(), subjectFilter },
        /^"subjectFilter" must have the form \/party\/\{partyId\}, digits/,
      ],
    ),
    [
      'a type that no event can have',
      { ...good(), typeFilter: 'x'.repeat(256) },
      /"typeFilter".* 255/,
    ],
    [
      'a bad endpoint, source and resource',
      { endPoint: 'https://10.0.0.1', sourceFilter: 'x', resourceFilter: 'x' },
      RegExp(`^${ENDPOINT}: it ${bad}`),
    ],
    [
      'a bad source, resource and subject',
      { ...good(), sourceFilter: 'x', resourceFilter: 'x', subjectFilter: 'x' },
      SCHEME,
    ],
    ['a bad resource and subject', { ...good(), resourceFilter: 'x', subjectFilter: 'x' }, URN],
    [
      'a bad subject and a source of no app',
      { endPoint: newEndpoint(), sourceFilter: 'https://h/ttd', subjectFilter: 'x' },
      /^"subjectFilter"/,
    ],
    [
      'a source of another app than the resource',
      { ...good(), sourceFilter: `${SOURCE}2` },
      UNLIKE,
    ],
    [
      'subunits of nobody',
      { ...good(), ...subunits },
      'IncludeSubunits requires a subject filter.',
    ],
    [
      'subunits of a party',
      { ...good(), ...subunits, subjectFilter: '/party/1' },
      /needs a register/,
    ],
    ['text for subunits', { ...good(), includeSubunits: 'true' }, /includeSubunits.*boolean/],
    ['text for order', { ...good(), ordered: 'true' }, /ordered.*boolean/],
    ['a limit beyond all', { ...good(), maxPerSecond: 1001 }, /maxPerSecond.*1000/],
    ...['source', 'subject', 'resource', 'alternativeSubject', 'type'].flatMap(
      (name): [string, object, RegExp][] => [
        [
          `an empty ${name}`,
          { ...good(), [`${name}Filter`]: '' },
          RegExp(`^"${name}Filter" must not be empty`),
        ],
        [
          `a number for a ${name}`,
          { ...good(), [`${name}Filter`]: 5 },
          RegExp(`^"${name}Filter" must be a string`),
        ],
        [
          `an object for a ${name}`,
          { ...good(), [`${name}Filter`]: {} },
          RegExp(`^"${name}Filter" must be a string`),
        ],
      ],
    ),
    ['a list', [good()], /must be a JSON object/],
    ...endpoints.flatMap(([fault, ...urls]) =>
      urls.map((endPoint): [string, object, RegExp] => [
        `an endpoint ${JSON.stringify(endPoint.slice(0, 40))}`,
        { ...good(), endPoint },
        RegExp(`^${ENDPOINT}: it ${fault}`),
      ]),
    ),
  ]
}
