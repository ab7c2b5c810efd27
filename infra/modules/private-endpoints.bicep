@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Suffix of all names.')
param suffix string

@description('Name of the virtual network.')
param networkName string

@description('Name of the storage account.')
param storageName string

@description('Name of the Cosmos account.')
param cosmosName string

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' existing = {
  name: networkName

  resource subnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource storage 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: storageName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' existing = {
  name: cosmosName
}

var storageSuffix = environment().suffixes.storage
var targets = [
  { name: 'blob', resourceId: storage.id, group: 'blob', zone: 'privatelink.blob.${storageSuffix}' }
  { name: 'queue', resourceId: storage.id, group: 'queue', zone: 'privatelink.queue.${storageSuffix}' }
  { name: 'table', resourceId: storage.id, group: 'table', zone: 'privatelink.table.${storageSuffix}' }
  { name: 'cosmos', resourceId: cosmos.id, group: 'Sql', zone: 'privatelink.documents.azure.com' }
]

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for target in targets: {
    name: target.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (target, index) in targets: {
    parent: zones[index]
    name: 'link-${suffix}'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource endpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for target in targets: {
    name: 'pe-${target.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::subnet.id }
      privateLinkServiceConnections: [
        {
          name: target.name
          properties: {
            privateLinkServiceId: target.resourceId
            groupIds: [target.group]
          }
        }
      ]
    }
  }
]

// Without the group the zone stays empty, and names lead to the closed public address.
resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (target, index) in targets: {
    parent: endpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: target.name
          properties: { privateDnsZoneId: zones[index].id }
        }
      ]
    }
  }
]
