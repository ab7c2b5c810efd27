import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { containerRequest } from '../local/resources.ts'
import { settingNames } from '../shared/config.ts'
import { containers, queues } from '../shared/resources.ts'

interface Resource {
  type: string
  name: string
  properties: Record<string, unknown>
}
const snapshot: { predictedResources: Resource[] } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../infra/main.snapshot.json'), 'utf8'),
)
const ofType = (type: string) =>
  snapshot.predictedResources.filter((each) => each.type.endsWith(type))

test('the containers in the Bicep are those of the code: keys, time to live, indexes', () => {
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

test('the queues in the Bicep are those of the code, each with its poison queue', () => {
  const deployed = ofType('queueServices/queues').map(({ name }) => name.split('/').at(-1) ?? '')
  const used = queues.flatMap((name) => [name, `${name}-poison`])
  assert.deepEqual(deployed.toSorted(), used.toSorted())
})

test('the app settings in the Bicep are settings of the code, or of the host', () => {
  const [settings] = ofType('sites/config').filter(({ name }) => name.endsWith('appsettings'))
  const ofTheHost =
    /^(AzureWebJobsStorage__|APPLICATIONINSIGHTS_|FUNCTIONS_|AzureFunctionsJobHost__)/
  const given = Object.keys(settings?.properties ?? {}).filter((name) => !ofTheHost.test(name))
  assert.ok(
    given.includes('Cosmos__accountEndpoint') && given.includes('QueueStorage__queueServiceUri'),
  )
  assert.deepEqual(
    given.filter((name) => !settingNames.includes(name)),
    [],
  )
})
