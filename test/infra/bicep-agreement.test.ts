import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { containerRequest } from '../../local/resources.ts'
import { settingNames } from '../../shared/config.ts'
import { MAX_EVENT_BYTES, MAX_INBOUND_QUEUES } from '../../shared/setting-bounds.ts'
import { containers, queueNames } from '../../shared/azure/definitions.ts'
import { membersOf, read, resourcesOf, templates } from '../support/bicep.ts'

// What the code needs is what the Bicep makes: read from the templates and their snapshots, so that no compiler is needed.
const { all, ofType, only } = resourcesOf('main')
const root = path.join(import.meta.dirname, '../..')
const functions = globSync('functions/*.ts', { cwd: root }).map(read).join('\n')

test('the Bicep’s containers are those of the code: keys, time to live, indexes', () => {
  const deployed = ofType('sqlDatabases/containers').map(({ properties }) => {
    const { id, partitionKey, defaultTtl, indexingPolicy } = Object(properties['resource'])
    const { includedPaths, excludedPaths, compositeIndexes = [] } = indexingPolicy
    return {
      id,
      partitionKey,
      defaultTtl,
      indexingPolicy: { includedPaths, excludedPaths, compositeIndexes },
    }
  })
  const byId = (list: { id: string }[]) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  assert.deepEqual(byId(deployed), byId(containers.map(containerRequest)))
})

test('the Bicep’s queues are those of the code, each with its poison queue and a valid name', () => {
  const deployed = ofType('queueServices/queues').map(({ name }) => name.split('/').at(-1) ?? '')
  const used = queueNames(1).flatMap((name) => [name, `${name}-poison`])
  assert.deepEqual(deployed.toSorted(), used.toSorted())
  for (const name of queueNames(MAX_INBOUND_QUEUES)) assert.ok(name.length <= 56, name) // else the host makes no poison queue, without a word
})

test('the Bicep’s settings are all those of the code and the host, and no others', () => {
  const ofTheHost = /^(AzureWebJobsStorage__|APPLICATIONINSIGHTS_|FUNCTIONS_)/
  const written = [
    ...membersOf('infra/main.bicep', 'appSettings'),
    ...membersOf('infra/modules/function-app.bicep', 'hostSettings'),
  ]
  const withKeys = ['Cosmos', 'QueueStorage'] // connection strings, for laptops alone
  assert.deepEqual(
    written.filter((name) => !ofTheHost.test(name)).toSorted(),
    settingNames.filter((name) => !withKeys.includes(name)).toSorted(),
  )
  const given = Object.keys(only('sites/config'))
  assert.deepEqual(
    given.filter((name) => !written.includes(name)),
    [],
  )
})

test('the host lets through more than the largest EVENT_MAX_BYTES, whose 413 says why', () => {
  const { FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: limit } = Object(only('sites/config'))
  assert.equal(Number(limit), 8 * 1024 * 1024)
  assert.ok(Number(limit) > MAX_EVENT_BYTES)
})

test('every connection that a function names has its settings: the service, the credential, the identity', () => {
  const named = new Set(
    [...functions.matchAll(/connection(?::| =) '(\w+)'/g)].map(([, name]) => name),
  )
  assert.deepEqual([...named], ['QueueStorage'])
  const given = Object.keys(only('sites/config'))
  for (const name of [...named, 'AzureWebJobsStorage'])
    for (const part of ['queueServiceUri', 'credential', 'clientId'])
      assert.ok(given.includes(`${name}__${part}`), `${name}__${part}`)
})

test('Node.js has the same major version in the Bicep and .node-version (and so in package.json)', () => {
  const { name, version } = only('Web/sites').functionAppConfig.runtime
  assert.deepEqual([name, version], ['node', read('.node-version').split('.')[0]])
})

test('the Bicep’s address has the prefix of host.json', () => {
  const { routePrefix } = JSON.parse(read('host.json')).extensions.http
  assert.ok(read('infra/modules/function-app.bicep').includes(`/${routePrefix}/'`))
})

test('the always-ready instances are for existing functions', () => {
  const groups = [...read('infra/main.bicep').matchAll(/^ {2}'function:([\w-]+)': int$/gm)]
  assert.ok(groups.length > 0)
  for (const [, name = ''] of groups) assert.ok(functions.includes(`'${name}'`), name)
})

test('azd finds its service and its environment by their tags, and builds nothing in Azure', () => {
  const { infra, services } = parse(read('azure.yaml'))
  assert.deepEqual(infra, { provider: 'bicep', path: 'infra', module: 'main' })
  const [name] = Object.keys(services)
  assert.deepEqual(services, {
    [String(name)]: { project: '.', host: 'function', language: 'ts', remoteBuild: false },
  })
  const [site] = ofType('Web/sites')
  assert.equal(site?.tags?.['azd-service-name'], name)
  const tagged = all.filter(({ tags }) => tags !== undefined)
  assert.ok(tagged.length > 10)
  for (const { id, tags } of tagged) assert.equal(tags?.['azd-env-name'], 'dev', id)
})

test('every parameter of the deployment is in its description, and none besides', () => {
  const parameters = [...read('infra/main.bicep').matchAll(/^param (\w+)/gm)].map(
    ([, name = '']) => name,
  )
  const rows = read('infra/README.md').split('\n## Parameters\n')[1]?.split('\n## ')[0] ?? ''
  const cells = [...rows.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) =>
    cell.replaceAll(/\(.*?\)/g, ''),
  )
  const described = cells.flatMap((cell) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
  )
  assert.deepEqual(described.toSorted(), parameters.toSorted())
})

test('every rule that a template switches off has a reason', () => {
  for (const [file, text] of templates)
    for (const [line] of text.matchAll(/^.*#disable.*$/gm)) assert.match(line, /\/\/ \w/, file)
})
