import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read, resourcesOf, templates } from '../support/bicep.ts'

// What a reviewer would look for in the Azure resources, in both parameter files.
const environments = { main: resourcesOf('main'), prod: resourcesOf('prod') }
const each = Object.entries(environments)

test('no template has a key, or a password for deployment', () => {
  for (const [name, { only, ofType }] of each) {
    assert.equal(only('storageAccounts').allowSharedKeyAccess, false, name)
    const { disableLocalAuth, disableKeyBasedMetadataWriteAccess } = only('databaseAccounts')
    assert.deepEqual([disableLocalAuth, disableKeyBasedMetadataWriteAccess], [true, true], name)
    assert.equal(only('Insights/components').DisableLocalAuth, true, name)
    assert.equal(only('workspaces').features.disableLocalAuth, true, name)
    const policies = ofType('basicPublishingCredentialsPolicies')
    assert.deepEqual(
      policies.map(({ properties }) => properties['allow']),
      [false, false],
      name,
    )
    const { type } = only('Web/sites').functionAppConfig.deployment.storage.authentication
    assert.equal(type, 'UserAssignedIdentity', name)
  }
  for (const [file, text] of templates)
    assert.doesNotMatch(
      text,
      /listKeys|listConnectionStrings|AccountKey|SharedAccess|@secure/i,
      file,
    )
})

test('the host starts without a key', () => {
  for (const [name, { only }] of each) {
    const settings = only('sites/config')
    for (const service of ['blob', 'queue', 'table'])
      assert.ok(`AzureWebJobsStorage__${service}ServiceUri` in settings, name)
    assert.equal(settings.AzureWebJobsStorage__credential, 'managedidentity', name)
    assert.ok(
      String(settings.APPLICATIONINSIGHTS_AUTHENTICATION_STRING).includes('Authorization=AAD'),
      name,
    )
  }
})

const roles = {
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Website Contributor': 'de139f84-1756-47ae-9be6-808fbbe84772',
}

test('the roles are these, no wider than needed, and name their holders', () => {
  for (const [name, { ofType }] of each) {
    const given = ofType('roleAssignments').filter(({ type }) => type.startsWith('Microsoft.Auth'))
    for (const { id, properties } of given) {
      const role = String(properties['roleDefinitionId']).split('/').at(-1) ?? ''
      assert.ok(Object.values(roles).includes(role), `${name}: ${role}`)
      assert.ok(['ServicePrincipal', 'Group'].includes(String(properties['principalType'])), name)
      const scope =
        /providers\/(Microsoft\.(?!Authorization).*?)(?:'|\/providers)/.exec(id)?.[1] ?? ''
      assert.match(scope, scopes[role] ?? /^$/, name)
    }
    const database = ofType('sqlRoleAssignments')
    for (const { properties } of database)
      assert.match(String(properties['scope']), /\/dbs\/events$/)
    assert.ok(given.length >= 13 && database.length >= 1)
  }
})

const scopes: Record<string, RegExp> = {
  [roles['Storage Blob Data Owner']]: /^Microsoft\.Storage\/storageAccounts\/\w+$/,
  [roles['Storage Table Data Contributor']]: /^Microsoft\.Storage\/storageAccounts\/\w+$/,
  [roles['Storage Queue Data Contributor']]: /\/queueServices\/default\/queues\/[\w-]+$/,
  [roles['Monitoring Metrics Publisher']]: /^Microsoft\.Insights\/components\//,
  [roles['Website Contributor']]: /^Microsoft\.Web\/sites\//,
}

/** Settings that Flex Consumption refuses, or that break it (flex-consumption-plan, deprecated properties and settings). */
const forbidden = [
  /^FUNCTIONS_(EXTENSION_VERSION|WORKER_RUNTIME|MAX_HTTP_CONCURRENCY|WORKER_PROCESS_COUNT|WORKER_DYNAMIC)/,
  /^WEBSITE_(RUN_FROM_PACKAGE|CONTENT|DNS_SERVER|MAX_DYNAMIC|NODE_DEFAULT|SKIP_CONTENTSHARE|VNET_ROUTE|TIME_ZONE)/,
  /^(ENABLE_ORYX_BUILD|SCM_DO_BUILD_DURING_DEPLOYMENT|TZ)$/,
]

test('the app is of the plan Flex Consumption, without what that plan rejects', () => {
  for (const [name, { only, ofType }] of each) {
    const [plan] = ofType('serverfarms')
    assert.deepEqual(Object(plan)['sku'], { name: 'FC1', tier: 'FlexConsumption' }, name)
    for (const setting of Object.keys(only('sites/config')))
      for (const pattern of forbidden) assert.doesNotMatch(setting, pattern, name)
    const { siteConfig } = only('Web/sites')
    for (const part of ['linuxFxVersion', 'alwaysOn', 'functionAppScaleLimit'])
      assert.ok(!(part in siteConfig), `${name}: ${part}`)
  }
})

test('the app and the stores speak only TLS 1.2 or newer', () => {
  for (const [name, { only }] of each) {
    const { httpsOnly, clientAffinityEnabled, siteConfig } = only('Web/sites')
    assert.deepEqual([httpsOnly, clientAffinityEnabled], [true, false], name)
    const { minTlsVersion, scmMinTlsVersion, ftpsState, http20Enabled, remoteDebuggingEnabled } =
      siteConfig
    assert.deepEqual([minTlsVersion, scmMinTlsVersion, ftpsState], ['1.2', '1.2', 'Disabled'], name)
    assert.deepEqual([http20Enabled, remoteDebuggingEnabled], [true, false], name)
    const storage = only('storageAccounts')
    assert.deepEqual(
      [storage.minimumTlsVersion, storage.supportsHttpsTrafficOnly],
      ['TLS1_2', true],
      name,
    )
    assert.deepEqual(
      [storage.allowBlobPublicAccess, storage.allowCrossTenantReplication],
      [false, false],
      name,
    )
    assert.equal(only('databaseAccounts').minimalTlsVersion, 'Tls12', name)
  }
})

test('deleted data can be restored for a week', () => {
  for (const [name, { only }] of each) {
    const { type, continuousModeProperties } = only('databaseAccounts').backupPolicy
    assert.deepEqual([type, continuousModeProperties.tier], ['Continuous', 'Continuous7Days'], name)
    assert.deepEqual(only('blobServices').deleteRetentionPolicy, { enabled: true, days: 7 }, name)
  }
})

test('in production every part is zone redundant', () => {
  const { only, ofType } = environments.prod
  assert.equal(only('serverfarms').zoneRedundant, true)
  assert.equal(Object(ofType('storageAccounts')[0])['sku'].name, 'Standard_ZRS')
  assert.equal(only('databaseAccounts').locations[0].isZoneRedundant, true)
  for (const { instanceCount } of only('Web/sites').functionAppConfig.scaleAndConcurrency
    .alwaysReady)
    assert.ok(instanceCount >= 2)
})

test('in production the stores are private, and reached by private endpoints', () => {
  const { only, ofType } = environments.prod
  for (const type of ['storageAccounts', 'databaseAccounts'])
    assert.equal(only(type).publicNetworkAccess, 'Disabled', type)
  const reached = ofType('privateEndpoints').map(
    ({ properties }) =>
      Object(properties)['privateLinkServiceConnections'][0].properties.groupIds[0],
  )
  assert.deepEqual(new Set(reached), new Set(['Sql', 'blob', 'queue', 'table']))
  for (const type of ['privateDnsZones', 'virtualNetworkLinks', 'privateDnsZoneGroups'])
    assert.equal(ofType(type).length, reached.length, type)
  const [app] = only('virtualNetworks').subnets
  assert.equal(app.properties.delegations[0].properties.serviceName, 'Microsoft.App/environments')
  assert.doesNotMatch(app.name, /_/)
})

test('every alert has its entry in the run book, and resolves itself', () => {
  const runbook = read('docs/operations.md')
  const told = ['scheduledQueryRules', 'metricAlerts'].flatMap((type) =>
    environments.prod.ofType(type),
  )
  assert.ok(told.length >= 9)
  for (const { name, properties } of told) {
    const [, alert = ''] = /^alert-(.*)-\w+$/.exec(name) ?? []
    assert.ok(runbook.includes(`\n| \`${alert}\``), alert)
    assert.equal(properties['autoMitigate'], true, alert)
  }
})

test('no request costs a log row by default, and no day costs more than its cap', () => {
  for (const [name, { only }] of each) {
    const { logs } = only('diagnosticSettings')
    const on = logs.filter((log: { enabled: boolean }) => log.enabled)
    assert.deepEqual(
      on.map((log: { category: string }) => log.category),
      ['ControlPlaneRequests'],
      name,
    )
    assert.ok(only('workspaces').workspaceCapping.dailyQuotaGb > 0, name)
  }
})

test('no template names a subscription, a tenant or a registry', () => {
  const known = [...Object.values(roles), '00000000-0000-0000-0000-000000000002'] // of roles, the same everywhere
  for (const [file, text] of templates) {
    const ids = [...text.matchAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g)]
    for (const [id] of ids) assert.ok(known.includes(id), `${file}: ${id}`)
    assert.doesNotMatch(text, /'(br|ts):|'br\//, file)
  }
})
