@description('Object id of who gets the role.')
param principalId string

@description('Name of the Cosmos account.')
param accountName string

@description('Name of the database.')
param databaseName string

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' existing = {
  name: accountName
}

// Cosmos DB has its own roles. They read and write documents; they cannot create databases or containers.
resource dataContributor 'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions@2025-10-15' existing = {
  parent: account
  name: '00000000-0000-0000-0000-000000000002'
}

resource onDatabase 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-10-15' = {
  parent: account
  name: guid(account.id, databaseName, principalId, dataContributor.id)
  properties: {
    principalId: principalId
    roleDefinitionId: dataContributor.id
    scope: '${account.id}/dbs/${databaseName}'
  }
}
