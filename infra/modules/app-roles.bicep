@description('Object id of the identity.')
param principalId string

@description('Name of the storage account.')
param storageName string

@description('Names of the queues.')
param queueNames string[]

@description('Name of the Application Insights component.')
param componentName string

var blobOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var tableContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource storage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

// The host's own: leases of the timer, keys, the deployed package; and its table of diagnostic events.
resource onAccount 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [blobOwner, tableContributor]: {
    scope: storage
    name: guid(storage.id, principalId, role)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

module onQueues 'queue-roles.bicep' = {
  params: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    storageName: storageName
    queueNames: queueNames
  }
}

resource onTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: component
  name: guid(component.id, principalId, metricsPublisher)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}
