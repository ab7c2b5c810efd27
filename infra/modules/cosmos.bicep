@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Name of the account.')
@minLength(3)
@maxLength(44)
param name string

@description('Name of the database.')
param databaseName string

@description('Serverless, or throughput that all containers share; where it was migrated, each container has its own, set by hand.')
@allowed(['serverless', 'autoscale', 'migrated'])
param capacity string

@description('The most request units per second that all containers share. Only for autoscale.')
param maxThroughput int

@description('Keep copies in three zones. Chosen at the first deployment.')
param zoneRedundant bool

@description('Let only private endpoints in.')
param isPrivate bool

@description('Log one row for every request. Costs accordingly.')
param dataPlaneLogs bool

@description('Name of the workspace that gets the logs.')
param workspaceName string

var day = 86400

// The root path is indexed nowhere. A composite index: all ascending, in this order.
var containers = [
  {
    name: 'events'
    partitionKey: ['/resource', '/subject']
    ttl: 90 * day
    indexed: ['/pending/?']
    composite: [
      ['/resource', '/id']
      ['/subject', '/id']
      ['/alternative', '/id']
      ['/resource', '/eventId', '/id']
    ]
  }
  {
    name: 'requests'
    partitionKey: ['/id']
    ttl: 2 * day
    indexed: []
    composite: []
  }
  {
    name: 'subscriptions'
    partitionKey: ['/consumer']
    ttl: -1 // only documents with a ttl of their own expire
    indexed: ['/number/?', '/_ts/?', '/due/?']
    composite: []
  }
  {
    name: 'deliveries'
    partitionKey: ['/subscription', '/id']
    ttl: 90 * day
    indexed: ['/due/?', '/deadAt/?']
    composite: [['/subscription', '/state', '/id']]
  }
  {
    name: 'replays'
    partitionKey: ['/subscription']
    ttl: 90 * day
    indexed: ['/due/?']
    composite: []
  }
  {
    name: 'poison'
    partitionKey: ['/queue']
    ttl: 90 * day
    indexed: []
    composite: []
  }
]

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' = {
  name: name
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [
      {
        locationName: location
        failoverPriority: 0
        isZoneRedundant: zoneRedundant
      }
    ]
    consistencyPolicy: { defaultConsistencyLevel: 'Session' }
    capabilities: capacity == 'serverless' ? [{ name: 'EnableServerless' }] : []
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAclBypass: 'None'
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: { tier: 'Continuous7Days' } // free; 30 days are billed
    }
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-10-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: { id: databaseName }
    options: capacity == 'autoscale' ? { autoscaleSettings: { maxThroughput: maxThroughput } } : {}
  }
}

resource container 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-10-15' = [
  for definition in containers: {
    parent: database
    name: definition.name
    properties: {
      resource: {
        id: definition.name
        defaultTtl: definition.ttl
        partitionKey: {
          kind: length(definition.partitionKey) > 1 ? 'MultiHash' : 'Hash'
          version: 2
          paths: definition.partitionKey
        }
        indexingPolicy: {
          indexingMode: 'consistent'
          automatic: true
          includedPaths: map(definition.indexed, path => { path: path })
          excludedPaths: [{ path: '/*' }]
          compositeIndexes: map(definition.composite, paths => map(paths, path => { path: path, order: 'ascending' }))
        }
      }
    }
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account
  name: 'to-workspace'
  properties: {
    workspaceId: workspace.id
    logAnalyticsDestinationType: 'Dedicated'
    logs: [
      { category: 'ControlPlaneRequests', enabled: true }
      { category: 'DataPlaneRequests', enabled: dataPlaneLogs }
      { category: 'QueryRuntimeStatistics', enabled: dataPlaneLogs }
    ]
  }
}
