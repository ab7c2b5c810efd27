import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { startHost } from '../../local/host/host.ts'
import { settingNames } from '../../shared/config.ts'
import { containers, queueNames } from '../../shared/azure/definitions.ts'
import { MAX_DEQUEUE_COUNT } from '../../shared/flows/store-spilled-event.ts'
import { operations } from '../support/openapi-validation.ts'

const root = path.join(import.meta.dirname, '../..')
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const sources = globSync('{functions,shared}/**/*.ts', { cwd: root })
const documents = globSync(['*.md', '{docs,infra}/*.md'], { cwd: root })
const { scripts, main }: { scripts: Record<string, string>; main: string } = JSON.parse(
  read('package.json'),
)

test('the settings are the same in the schema, the sample and docs/settings.md', () => {
  const sample: { Values: Record<string, string> } = JSON.parse(read('local.settings.sample.json'))
  const host = ['FUNCTIONS_WORKER_RUNTIME', 'AzureWebJobsStorage'] // what func itself demands
  const inAzureOnly = settingNames.filter((name) => name.includes('__'))
  assert.deepEqual(
    [...Object.keys(sample.Values), ...inAzureOnly].toSorted(),
    [...host, ...settingNames].toSorted(),
  )
  const described = [...read('docs/settings.md').matchAll(/^\| (`.*?) \|/gm)].flatMap(
    ([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)]
        .map(([, name = '']) => name)
        .filter((name) => name !== 'managedidentity'), // a value, not a name
  )
  assert.deepEqual(described.toSorted(), settingNames.toSorted())
})

test('the functions, their routes, methods, authorisation levels and queues are these and no others', async () => {
  const needed = {
    Cosmos: 'AccountEndpoint=http://127.0.0.1:1/;AccountKey=a2V5;',
    QueueStorage: 'UseDevelopmentStorage=true',
    ALTINN_OPENID_CONFIGURATION_URL: 'http://127.0.0.1:1/',
    PLATFORM_TOKEN_JWKS_URL: 'http://127.0.0.1:1/{issuer}',
    INBOUND_QUEUES: '3',
  }
  Object.assign(process.env, needed)
  const host = await startHost({ folder: root, port: 0 })
  await host.stop()
  const queue = (queueName: string) => ({
    type: 'queueTrigger',
    queueName,
    connection: 'QueueStorage',
  })
  const timer = (schedule: string) => ({ type: 'timerTrigger', schedule })
  const http = (route: string, ...methods: string[]) => ({
    type: 'httpTrigger',
    route,
    methods,
    authLevel: 'anonymous',
  })
  const told = ['type', 'route', 'methods', 'authLevel', 'queueName', 'connection', 'schedule']
  const registered = host.functions.map(({ name, ...trigger }) => {
    const known = Object.entries(trigger).filter(
      ([member, value]) => told.includes(member) && value !== undefined,
    )
    return [name, Object.fromEntries(known)]
  })
  const poison = queueNames(3).map((name) => [`keep-poison-${name}`, queue(`${name}-poison`)])
  assert.deepEqual(Object.fromEntries(registered), {
    'cancel-replay': http('subscriptions/{id}/replay', 'DELETE'),
    console: http('console/{*path}', 'GET', 'HEAD'),
    'create-subscription': http('subscriptions', 'POST'),
    'delete-subscription': http('subscriptions/{id}', 'DELETE'),
    'drain-backlog': queue('drains'),
    'fan-out-event': queue('events-inbound'),
    'fan-out-event-1': queue('events-inbound-1'),
    'fan-out-event-2': queue('events-inbound-2'),
    gauge: timer('15,45 * * * * *'),
    health: http('health', 'GET', 'HEAD'),
    'list-deliveries': http('subscriptions/{id}/deliveries', 'GET'),
    'list-resources': http('resources', 'GET'),
    'list-subscribers': http('resources/{resource}/subscriptions', 'GET'),
    'list-subscriptions': http('subscriptions', 'GET'),
    openapi: http('openapi.json', 'GET'),
    'pause-subscription': http('subscriptions/{id}/pause', 'POST'),
    'preview-replay': http('subscriptions/{id}/replay/preview', 'POST'),
    'preview-subscription': http('subscriptions/preview', 'POST'),
    'publish-event': http('app', 'POST'),
    'publish-generic-event': http('events', 'POST'),
    'read-activity': http('resources/{resource}/activity', 'GET'),
    'read-app-event': http('app/{org}/{app}/{id}', 'GET'),
    'read-app-events': http('app/{org}/{app}', 'GET'),
    'read-delivery': http('subscriptions/{id}/deliveries/{event}', 'GET'),
    'read-generic-event': http('events/{id}', 'GET'),
    'read-generic-events': http('events', 'GET'),
    'read-party-events': http('app/party', 'GET'),
    'read-replay': http('subscriptions/{id}/replay', 'GET'),
    'read-statistics': http('subscriptions/{id}/statistics', 'GET'),
    'read-subscription': http('subscriptions/{id}', 'GET'),
    'replay-deliveries': queue('replays'),
    'resume-subscription': http('subscriptions/{id}/resume', 'POST'),
    'retry-delivery': queue('events-retry'),
    'retry-one-delivery': http('subscriptions/{id}/deliveries/{event}/retry', 'POST'),
    'rotate-secret': http('subscriptions/{id}/secret', 'POST'),
    'start-replay': http('subscriptions/{id}/replay', 'POST'),
    'sweep-deliveries': timer('5,35 * * * * *'),
    'sweep-events': timer('*/30 * * * * *'),
    'sweep-subscriptions': timer('10,40 * * * * *'),
    'validate-subscription': queue('subscription-validation'),
    ...Object.fromEntries(poison),
  })
  const routed = host.functions
    .filter(({ name }) => name !== 'console') // pages for people
    .flatMap(({ route, methods = [] }) => methods.map((method) => `${method} /${route}`))
  assert.deepEqual(operations.toSorted(), routed.toSorted(), 'docs/openapi.yaml')
})

test('every container and queue that the code names is created, and no other', () => {
  const code = sources.map(read).join('\n')
  const used = (pattern: RegExp) =>
    [...new Set([...code.matchAll(pattern)].map(([, name = '']) => name))].toSorted()
  assert.deepEqual(used(/\.container\('([\w-]+)'\)/g), containers.map(({ id }) => id).toSorted())
  const [inbound, ...others] = queueNames(1) // those of events are named by their number
  assert.equal(inbound, 'events-inbound')
  assert.deepEqual(used(/queueName: '([\w-]+)'/g), others.toSorted())
  assert.deepEqual(used(/openQueue<\w+>\(\w+, '([\w-]+)'\)/g), others.toSorted())
})

test('every command in the documents exists', () => {
  const named = documents.flatMap((file) =>
    [...read(file).matchAll(/npm (?:run (?:-s )?([a-z][\w:-]*)|(start|test)\b)/g)].map(
      ([, script = '', short = '']) => ({ file, script: script === '' ? short : script }),
    ),
  )
  assert.ok(named.length > 50)
  assert.deepEqual(
    named.filter(({ script }) => scripts[script] === undefined),
    [],
  )
})

test('every relative link in the documents leads to a file, and to a heading where it names one', () => {
  const links = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].map(
      ([link, target = '', heading = '']) => ({ file, link, target, heading }),
    ),
  )
  assert.ok(links.length > 50)
  const broken = links.filter(({ file, target, heading }) => {
    const found = target === '' ? file : path.join(path.dirname(file), target)
    if (!existsSync(path.join(root, found))) return true
    return heading !== '' && !headingsOf(found).includes(heading)
  })
  assert.deepEqual(broken, [])
})

/** The anchors that GitHub makes of a document's headings. */
function headingsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('imports run one way: no two modules of functions/ and shared/ need each other', () => {
  const imports = new Map(sources.map((file) => [file, importsOf(file)]))
  const visit = (file: string, above: string[]): void => {
    assert.ok(!above.includes(file), `a circle: ${[...above, file].join(' → ')}`)
    for (const next of imports.get(file) ?? []) visit(next, [...above, file])
  }
  for (const file of sources) visit(file, [])
})

/** The modules that a file imports for what they do; types alone bind nothing at run time. */
function importsOf(file: string): string[] {
  const statements = read(file).matchAll(
    /^(?:import|export) (?!type )[^;']*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gm,
  )
  return [...statements].map(([, still = '', lazy = '']) =>
    path.join(path.dirname(file), still === '' ? lazy : still),
  )
}

test('Node is the same in package.json and .node-version, and of the major that Azure runs', () => {
  const version = read('.node-version').trim()
  assert.equal(JSON.parse(read('package.json')).devDependencies.node, version)
  assert.match(version, /^24\./)
  assert.equal(process.versions.node, version)
})

test('every dependency is pinned exactly, and main is the bundle', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    assert.match(String(version), /^\d+\.\d+\.\d+$/, name)
  assert.equal(main, 'dist/main.cjs')
})

test('host.json is as the design says', () => {
  const { extensions, extensionBundle, functionTimeout, singleton } = JSON.parse(read('host.json'))
  assert.deepEqual(extensions, {
    http: { routePrefix: 'events/api/v1' },
    queues: {
      batchSize: 32,
      newBatchThreshold: 16,
      maxPollingInterval: '00:00:01',
      visibilityTimeout: '00:00:30',
      maxDequeueCount: MAX_DEQUEUE_COUNT,
      messageEncoding: 'base64',
    },
  })
  assert.equal(extensionBundle.version, '[4.*, 5.0.0)')
  assert.equal(functionTimeout, '00:05:00')
  assert.equal(singleton.listenerLockRecoveryPollingInterval, '00:00:15')
})

/** The test files that an entry such as test/all-host.ts names, or whose folder it takes. */
function filesOf(entry: string): string[] {
  const text = read(entry)
  const [, whole] = /import\.meta\.dirname, '(\w+)'/.exec(text) ?? []
  if (whole !== undefined) return globSync(`test/${whole}/*.test.ts`, { cwd: root })
  const [start = '', folder = ''] = /runTogether\(\s*'(\w+)'/.exec(text) ?? []
  const names = text.slice(text.indexOf(start) + start.length).matchAll(/'(?:\.\/)?([\w./-]+)'/g)
  return [...names].map(([, name = '']) =>
    folder === '' ? `test/${name}` : `test/${folder}/${name}.test.ts`,
  )
}

test('npm test runs every test file once', () => {
  const said = [...String(scripts['test']).matchAll(/(?<= )'?(test\/[^' ]+\.ts)/g)]
  const given = said.flatMap(([, pattern = '']) => globSync(pattern, { cwd: root }))
  const run = given.flatMap((file) => (file.startsWith('test/all-') ? filesOf(file) : [file]))
  assert.deepEqual(run.toSorted(), globSync('test/**/*.test.ts', { cwd: root }).toSorted())
})
