@description('Object id of who gets the role.')
param principalId string

@description('What it is.')
@allowed(['ServicePrincipal', 'User', 'Group'])
param principalType string

@description('Name of the storage account.')
param storageName string

@description('Names of the queues.')
param queueNames string[]

// Reader + Message Processor, which the documentation names for triggers, lacks messages/write: a message that failed
// could not be released, and would stay hidden until its ten-minute lease ends.
var queueContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'

resource storage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageName
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-08-01' existing = {
  parent: storage
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' existing = [
  for name in queueNames: {
    parent: queueService
    name: name
  }
]

resource onQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, index) in queueNames: {
    scope: queues[index]
    name: guid(queues[index].id, principalId, queueContributor)
    properties: {
      principalId: principalId
      principalType: principalType
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueContributor)
    }
  }
]
