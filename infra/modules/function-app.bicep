@description('Location.')
param location string

@description('Tags. The one named azd-service-name tells azd where to deploy.')
param tags { *: string }

@description('Name of the plan.')
param planName string

@description('Name of the app.')
param name string

@description('Name of the app\'s identity.')
param identityName string

@description('Name of the storage account.')
param storageName string

@description('Name of the blob container that holds the deployed package.')
param packageContainer string

@description('Name of the Cosmos account.')
param cosmosName string

@description('Name of the Application Insights component.')
param componentName string

@description('The app\'s own settings; those with an empty value are left out.')
param settings { *: string }

@description('Memory of one instance.')
param instanceMemoryMB int

@description('The most instances of each function, the HTTP functions counting as one.')
param maximumInstanceCount int

@description('Requests one instance takes at a time; Azure\'s default for the memory where not given.')
param httpConcurrency int?

@description('Instances that always run, by scale group.')
param alwaysReady { *: int }

@description('Spread instances over zones.')
param zoneRedundant bool

@description('Resource id of the subnet the app speaks from; empty for none.')
param subnetId string

@description('Ranges that may call the app; empty for all.')
param allowedAddresses string[]

@description('Let Azure\'s availability tests in, past allowedAddresses.')
param allowAvailabilityTests bool

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' existing = {
  name: cosmosName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// No FUNCTIONS_WORKER_RUNTIME, FUNCTIONS_EXTENSION_VERSION or WEBSITE_*: Flex Consumption refuses them.
var hostSettings = {
  AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.properties.clientId
  QueueStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
  QueueStorage__credential: 'managedidentity'
  QueueStorage__clientId: identity.properties.clientId
  Cosmos__accountEndpoint: cosmos.properties.documentEndpoint
  Cosmos__credential: 'managedidentity'
  Cosmos__clientId: identity.properties.clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: component.properties.ConnectionString // no secret: local authentication is off
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
  FUNCTIONS_NODE_BLOCK_ON_ENTRY_POINT_ERROR: 'true' // a bundle that does not load registers nothing, rather than a part: every path is a 404
  FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '8388608' // 8 MiB, not 100: what the host lets through is read, if only to be thrown away. Above EVENT_MAX_BYTES, whose 413 says more
}
var given = toObject(
  filter(items(settings), setting => !empty(setting.value)),
  setting => setting.key,
  setting => setting.value
)

var ranges = map(allowedAddresses, address => parseCidr(address)) // fails for what is no range
var callers = map(range(0, length(ranges)), index => {
  name: 'allowed-${index}'
  priority: 100 + index
  action: 'Allow'
  ipAddress: '${ranges[index].network}/${ranges[index].cidr}'
})
var availabilityTests = {
  name: 'availability-tests'
  priority: 1000
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'ApplicationInsightsAvailability'
}

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled' // apps publish from outside; allowedAddresses narrows it
    keyVaultReferenceIdentity: identity.id
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
      ipSecurityRestrictionsDefaultAction: empty(allowedAddresses) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: empty(allowedAddresses)
        ? []
        : concat(callers, allowAvailabilityTests ? [availabilityTests] : [])
      scmIpSecurityRestrictionsUseMain: false // deployments come from elsewhere, with a token of Entra
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packageContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'node'
        version: '24'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: map(filter(items(alwaysReady), group => group.value > 0), group => {
          name: group.key
          instanceCount: group.value
        })
        triggers: httpConcurrency == null ? null : { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }
}

// One resource for all settings: it replaces the whole set.
resource appSettings 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'appsettings'
  properties: union(hostSettings, given)
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

@description('Base address of the app\'s HTTP functions.')
output baseUrl string = 'https://${app.properties.defaultHostName}/events/api/v1/' // the prefix of host.json
