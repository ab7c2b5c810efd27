targetScope = 'subscription'

// ---- What and where ----

@description('Name of the environment. The names of all resources are made from it.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Region of all resources.')
@minLength(1)
param location string

@description('Tags of all resources, besides azd-env-name.')
param tags { *: string } = {}

// ---- Settings of the app (names and meaning: docs/settings.md) ----

@description('ALTINN_OPENID_CONFIGURATION_URL: the OpenID well-known document of the Altinn token issuer.')
@minLength(1)
param altinnOpenIdConfigurationUrl string

@description('PLATFORM_TOKEN_JWKS_URL: key set for platform access tokens. Either this or platformTokenCertificates.')
param platformTokenJwksUrl string = ''

@description('PLATFORM_TOKEN_CERTIFICATES: JSON map from issuer to certificates, or a Key Vault reference to it.')
param platformTokenCertificates string = ''

@description('PLATFORM_TOKEN_ISSUERS: the app owners who may publish; empty for all.')
param platformTokenIssuers string[] = []

@description('SOURCE_HOSTS: the hosts that an event\'s source may name; empty for all.')
param sourceHosts string[] = []

@description('ACCESS_GRANTS: who may publish, subscribe to or read which resources, beside what everyone may.')
param accessGrants { resource: string, action: 'publish' | 'subscribe' | 'read', who: string }[] = []

@description('ALTINN_AUTHORIZATION_URL: the platform whose policy decision point is asked instead of the grants; empty for the grants.')
param altinnAuthorizationUrl string = ''

@description('ALTINN_SUBSCRIPTION_KEY: a Key Vault reference to the platform\'s subscription key.')
param altinnSubscriptionKey string = ''

@description('MASKINPORTEN_TOKEN_URL: where Maskinporten gives tokens.')
param maskinportenTokenUrl string = ''

@description('MASKINPORTEN_CLIENT_ID: the client at Maskinporten.')
param maskinportenClientId string = ''

@description('MASKINPORTEN_CLIENT_JWK: a Key Vault reference to the client\'s private key, a JWK.')
param maskinportenClientJwk string = ''

@description('MASKINPORTEN_KEY_ID: the id of that key at Maskinporten.')
param maskinportenKeyId string = ''

@description('ALTINN_REGISTER_URL: the address of Altinn\'s register of parties; empty for none.')
param altinnRegisterUrl string = ''

@description('EVENT_MAX_BYTES.')
@minValue(1024)
@maxValue(1900000)
param eventMaxBytes int?

@description('DELIVERY_RETRY_SECONDS: seconds before the second try, the third, …')
@minLength(1)
param deliveryRetrySeconds int[]?

@description('DELIVERY_TIMEOUT_SECONDS.')
@minValue(1)
@maxValue(60)
param deliveryTimeoutSeconds int?

@description('INBOUND_QUEUES: how many queues events are spread over.')
@minValue(1)
@maxValue(32)
param inboundQueues int = 1

@description('DELIVERED_RETENTION_DAYS.')
@minValue(1)
@maxValue(90)
param deliveredRetentionDays int?

@description('REPAIR_AFTER_SECONDS.')
@minValue(1)
@maxValue(3600)
param repairAfterSeconds int?

@description('READ_HOLDBACK_SECONDS.')
@minValue(15)
@maxValue(3600)
param readHoldbackSeconds int?

@description('WEBHOOK_ALLOWED_NETWORKS: private ranges in which endpoints may be; empty for none.')
param webhookAllowedNetworks string[] = []

@description('OTEL_EXPORTER_OTLP_ENDPOINT: where the app sends its own measurements; empty for nowhere.')
param otlpEndpoint string = ''

@description('COSMOS_DATABASE: name of the database.')
@minLength(1)
@maxLength(255)
param databaseName string = 'events'

@description('Name of the Cosmos account, where it is not made from environmentName: one that was restored.')
@maxLength(44)
param cosmosAccountName string = ''

// ---- Capacity ----

@description('Chosen at the first deployment; "migrated" is a serverless account that was changed to provisioned throughput since, which goes one way.')
@allowed(['serverless', 'autoscale', 'migrated'])
param cosmosCapacity string = 'serverless'

@description('The most request units per second that all containers share, in thousands. Only for autoscale.')
@minValue(1)
@maxValue(1000)
param cosmosMaxThousandRequestUnits int = 1

@description('Spread app, storage and database over three zones. Chosen at the first deployment.')
param zoneRedundant bool = false

@description('Memory of one instance; a vCPU comes with every 2,048.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('The most instances of each function, the HTTP functions counting as one.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 100

@description('Requests one instance takes at a time; Azure\'s default for the memory where not given.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int?

@description('Instances that always run, by scale group.')
type alwaysReadyCounts = {
  @description('All HTTP functions together.')
  @minValue(0)
  @maxValue(20)
  http: int

  @description('Finding the subscribers of an event, and the first attempt of each delivery.')
  @minValue(0)
  @maxValue(20)
  'function:fan-out-event': int
}

@description('Instances that always run, by scale group: no cold start, at a fixed cost.')
param alwaysReady alwaysReadyCounts = {
  http: 0
  'function:fan-out-event': 0
}

// ---- Network ----

@description('Ranges that may call the app, as 203.0.113.0/24; empty for all.')
@maxLength(400)
param allowedAddresses string[] = []

@description('Reach storage and database through private endpoints alone, and close their public addresses.')
param privateNetworking bool = false

@description('Send webhooks from one fixed address, which subscribers can let in.')
param fixedOutboundAddress bool = false

@description('Range of the virtual network, /23 or larger. Only where one is made.')
@minLength(9)
param addressSpace string = '10.64.0.0/23'

// ---- Watching ----

@description('Who gets a mail when an alert fires; empty for nobody.')
param alertEmails string[] = []

@description('Seconds an event may wait to be fanned out before the alert.')
@minValue(60)
@maxValue(86400)
param alertPendingSeconds int = 300

@description('Seconds a delivery may be overdue before the alert.')
@minValue(60)
@maxValue(86400)
param alertOverdueSeconds int = 900

@description('Deliveries that may die in an hour before the alert; the app counts up to 1,000.')
@minValue(0)
@maxValue(999)
param alertDeadPerHour int = 0

@description('Circuits that may be open at the same time before the alert.')
@minValue(0)
param alertOpenCircuits int = 20

@description('Minutes between two availability tests from each of three places; 0 for none.')
@allowed([0, 5, 10, 15])
param availabilityTestMinutes int = 0

@description('The most the resource group should cost in a month, in the currency of the bill; no such alert where not given.')
@minValue(1)
param monthlyBudget int?

@description('First day of the budget: the first of the month of the first deployment.')
param budgetStartDate string = utcNow('yyyy-MM-01')

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day, after which Azure drops what comes.')
@minValue(1)
@maxValue(100)
param logDailyCapGb int = 1

@description('Log one row for every request to Cosmos DB.')
param dataPlaneLogs bool = false

// ---- People and pipelines ----

@description('Object id of who may read and change the data: a person or, better, a group; empty for nobody.')
param operatorPrincipalId string = ''

@description('What operatorPrincipalId is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param operatorPrincipalType string = 'Group'

@description('GitHub workflow that may deploy code, as repo:OWNER/NAME:environment:NAME; empty for none.')
param pipelineSubject string = ''

// ---- Names ----

var queues = concat(
  map(range(0, inboundQueues), index => index == 0 ? 'events-inbound' : 'events-inbound-${index}'),
  [
    'events-retry'
    'drains'
    'subscription-validation'
    'replays'
  ]
)
var queueNames = flatten(map(queues, name => [name, '${name}-poison']))

var suffix = uniqueString(subscription().id, environmentName, location)
var names = {
  identity: 'id-app-events-${suffix}'
  workspace: 'log-${suffix}'
  component: 'appi-${suffix}'
  storage: 'st${suffix}'
  packageContainer: 'app-package'
  cosmos: empty(cosmosAccountName) ? 'cosmos-${suffix}' : cosmosAccountName
  network: 'vnet-${suffix}'
  plan: 'plan-${suffix}'
  app: 'func-${suffix}'
  pipelineIdentity: 'id-pipeline-${suffix}'
}
var allTags = union(tags, { 'azd-env-name': environmentName })

var hasNetwork = privateNetworking || fixedOutboundAddress
var onlyReferences = empty(filter(
  [altinnSubscriptionKey, maskinportenClientJwk],
  text => !empty(text) && !startsWith(text, '@Microsoft.KeyVault(')
))
var oneKeySource = empty(platformTokenJwksUrl) != empty(platformTokenCertificates)

var appSettings = {
  ALTINN_OPENID_CONFIGURATION_URL: altinnOpenIdConfigurationUrl
  PLATFORM_TOKEN_JWKS_URL: oneKeySource
    ? platformTokenJwksUrl
    : fail('Give either platformTokenJwksUrl or platformTokenCertificates: the app does not start with neither or both.')
  PLATFORM_TOKEN_CERTIFICATES: platformTokenCertificates
  PLATFORM_TOKEN_ISSUERS: join(platformTokenIssuers, ',')
  SOURCE_HOSTS: join(sourceHosts, ',')
  ACCESS_GRANTS: empty(accessGrants) ? '' : string(accessGrants)
  ALTINN_AUTHORIZATION_URL: altinnAuthorizationUrl
  ALTINN_REGISTER_URL: altinnRegisterUrl
  ALTINN_SUBSCRIPTION_KEY: onlyReferences
    ? altinnSubscriptionKey
    : fail('altinnSubscriptionKey and maskinportenClientJwk must be Key Vault references: deployments are kept with their parameters.')
  MASKINPORTEN_TOKEN_URL: maskinportenTokenUrl
  MASKINPORTEN_CLIENT_ID: maskinportenClientId
  MASKINPORTEN_CLIENT_JWK: maskinportenClientJwk
  MASKINPORTEN_KEY_ID: maskinportenKeyId
  EVENT_MAX_BYTES: string(eventMaxBytes ?? '')
  DELIVERY_RETRY_SECONDS: join(map(deliveryRetrySeconds ?? [], seconds => string(seconds)), ',')
  DELIVERY_TIMEOUT_SECONDS: string(deliveryTimeoutSeconds ?? '')
  INBOUND_QUEUES: string(inboundQueues)
  DELIVERED_RETENTION_DAYS: string(deliveredRetentionDays ?? '')
  REPAIR_AFTER_SECONDS: string(repairAfterSeconds ?? '')
  READ_HOLDBACK_SECONDS: string(readHoldbackSeconds ?? '')
  WEBHOOK_ALLOWED_NETWORKS: join(webhookAllowedNetworks, ',')
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
  COSMOS_DATABASE: databaseName
}

// ---- Resources ----
// Modules are given names, not ids: what-if and the snapshot can then foresee every resource. Hence the dependsOn.

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-app-events-${environmentName}'
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.identity
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    workspaceName: names.workspace
    componentName: names.component
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.storage
    packageContainer: names.packageContainer
    queueNames: queueNames
    zoneRedundant: zoneRedundant
    isPrivate: privateNetworking
  }
}

module cosmos 'modules/cosmos.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.cosmos
    databaseName: databaseName
    capacity: cosmosCapacity
    maxThroughput: cosmosMaxThousandRequestUnits * 1000
    zoneRedundant: zoneRedundant
    isPrivate: privateNetworking
    dataPlaneLogs: dataPlaneLogs
    workspaceName: names.workspace
  }
  dependsOn: [monitoring]
}

module network 'modules/network.bicep' = if (hasNetwork) {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.network
    suffix: suffix
    addressSpace: addressSpace
    fixedOutboundAddress: fixedOutboundAddress
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (privateNetworking) {
  scope: group
  params: {
    location: location
    tags: allTags
    suffix: suffix
    networkName: names.network
    storageName: names.storage
    cosmosName: names.cosmos
  }
  dependsOn: [network, storage, cosmos]
}

module appRoles 'modules/app-roles.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: names.storage
    queueNames: queueNames
    componentName: names.component
  }
  dependsOn: [storage, monitoring]
}

module appDatabaseRole 'modules/database-role.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    accountName: names.cosmos
    databaseName: databaseName
  }
  dependsOn: [cosmos]
}

module operatorQueueRoles 'modules/queue-roles.bicep' = if (!empty(operatorPrincipalId)) {
  scope: group
  params: {
    principalId: operatorPrincipalId
    principalType: operatorPrincipalType
    storageName: names.storage
    queueNames: queueNames
  }
  dependsOn: [storage]
}

module operatorDatabaseRole 'modules/database-role.bicep' = if (!empty(operatorPrincipalId)) {
  scope: group
  params: {
    principalId: operatorPrincipalId
    accountName: names.cosmos
    databaseName: databaseName
  }
  dependsOn: [cosmos]
}

module app 'modules/function-app.bicep' = {
  scope: group
  params: {
    location: location
    tags: union(allTags, { 'azd-service-name': 'api' })
    planName: names.plan
    name: names.app
    identityName: names.identity
    storageName: names.storage
    packageContainer: names.packageContainer
    cosmosName: names.cosmos
    componentName: names.component
    settings: appSettings
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    subnetId: hasNetwork ? network!.outputs.appSubnetId : ''
    allowedAddresses: allowedAddresses
    allowAvailabilityTests: availabilityTestMinutes > 0
  }
  // Without its roles, and its way to the data, the app's first start fails.
  dependsOn: [appRoles, appDatabaseRole, privateEndpoints]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    suffix: suffix
    emails: alertEmails
    workspaceName: names.workspace
    componentName: names.component
    cosmosName: names.cosmos
    oldestPendingSeconds: alertPendingSeconds
    oldestDueSeconds: alertOverdueSeconds
    deadPerHour: alertDeadPerHour
    openCircuits: alertOpenCircuits
    healthUrl: '${app.outputs.baseUrl}health'
    availabilityTestMinutes: availabilityTestMinutes
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    suffix: suffix
    workspaceName: names.workspace
    cosmosName: names.cosmos
    appName: names.app
  }
  dependsOn: [monitoring, cosmos, app]
}

module budget 'modules/budget.bicep' = if (monthlyBudget != null) {
  scope: group
  params: {
    amount: monthlyBudget!
    emails: alertEmails
    startDate: budgetStartDate
  }
}

module pipeline 'modules/pipeline-identity.bicep' = if (!empty(pipelineSubject)) {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.pipelineIdentity
    appName: names.app
    subject: pipelineSubject
  }
  dependsOn: [app]
}

@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the function app.')
output FUNCTION_APP_NAME string = names.app

@description('Name of the storage account.')
output STORAGE_ACCOUNT_NAME string = names.storage

@description('Name of the Cosmos account.')
output COSMOS_ACCOUNT_NAME string = names.cosmos

@description('The base address that publishers and subscribers are given.')
output EVENTS_BASE_URL string = app.outputs.baseUrl

@description('The address webhooks come from; empty where it is not fixed.')
output OUTBOUND_ADDRESS string = hasNetwork ? network!.outputs.outboundAddress : ''

@description('Client id of the pipeline; empty where there is none.')
output PIPELINE_CLIENT_ID string = empty(pipelineSubject) ? '' : pipeline!.outputs.clientId
