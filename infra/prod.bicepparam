using './main.bicep'

// Production: three zones, shared autoscale, private data services, one outbound address, always-ready instances.
// README.md says what each costs. Capacity and zones are chosen at the first deployment. Lists are comma separated.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param location = readEnvironmentVariable('AZURE_LOCATION', 'norwayeast')

param altinnOpenIdConfigurationUrl = readEnvironmentVariable(
  'ALTINN_OPENID_CONFIGURATION_URL',
  'https://platform.altinn.no/authentication/api/v1/openid/.well-known/openid-configuration'
)
param platformTokenJwksUrl = readEnvironmentVariable('PLATFORM_TOKEN_JWKS_URL', '')
param platformTokenCertificates = readEnvironmentVariable('PLATFORM_TOKEN_CERTIFICATES', '')
param altinnAuthorizationUrl = readEnvironmentVariable('ALTINN_AUTHORIZATION_URL', '')
param altinnRegisterUrl = readEnvironmentVariable('ALTINN_REGISTER_URL', '')
param altinnSubscriptionKey = readEnvironmentVariable('ALTINN_SUBSCRIPTION_KEY', '')
param maskinportenTokenUrl = readEnvironmentVariable('MASKINPORTEN_TOKEN_URL', '')
param maskinportenClientId = readEnvironmentVariable('MASKINPORTEN_CLIENT_ID', '')
param maskinportenClientJwk = readEnvironmentVariable('MASKINPORTEN_CLIENT_JWK', '')
param maskinportenKeyId = readEnvironmentVariable('MASKINPORTEN_KEY_ID', '')
param platformTokenIssuers = filter(
  split(readEnvironmentVariable('PLATFORM_TOKEN_ISSUERS', ''), ','),
  item => !empty(item)
)

param zoneRedundant = true
param cosmosCapacity = 'autoscale'
param cosmosAccountName = readEnvironmentVariable('COSMOS_ACCOUNT_NAME', '')
param cosmosMaxThousandRequestUnits = 4
param alwaysReady = {
  http: 2
  'function:fan-out-event': 2
}

param privateNetworking = true
param fixedOutboundAddress = true
param allowedAddresses = filter(split(readEnvironmentVariable('ALLOWED_ADDRESSES', ''), ','), item => !empty(item))

param alertEmails = filter(split(readEnvironmentVariable('ALERT_EMAILS', ''), ','), item => !empty(item))
param availabilityTestMinutes = 5
param monthlyBudget = int(readEnvironmentVariable('MONTHLY_BUDGET', '1000'))
param logRetentionDays = 90
param logDailyCapGb = 5

param operatorPrincipalId = readEnvironmentVariable('OPERATOR_PRINCIPAL_ID', '')
param operatorPrincipalType = readEnvironmentVariable('OPERATOR_PRINCIPAL_TYPE', 'Group')
param pipelineSubject = readEnvironmentVariable('PIPELINE_SUBJECT', '')
