@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Name of the identity.')
param name string

@description('Name of the function app it may deploy code to.')
param appName string

@description('Whose tokens are trusted, as the subject in them.')
param subject string

// Deploys code to the app, with all that this asks for. It cannot touch data, roles or other resources.
var websiteContributor = 'de139f84-1756-47ae-9be6-808fbbe84772'

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags

  resource trust 'federatedIdentityCredentials' = {
    name: 'github'
    properties: {
      issuer: 'https://token.actions.githubusercontent.com'
      audiences: ['api://AzureADTokenExchange']
      subject: subject
    }
  }
}

resource onApp 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: app
  name: guid(app.id, identity.id, websiteContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', websiteContributor)
  }
}

@description('Client id, which the pipeline logs in with.')
output clientId string = identity.properties.clientId
