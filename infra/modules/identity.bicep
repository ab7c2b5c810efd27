@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Name of the identity.')
param name string

// Made before the app, so that its roles exist before the app's first start, and survive the app.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Object id, for role assignments.')
output principalId string = identity.properties.principalId
