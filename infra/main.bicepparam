using './main.bicep'

// For azd, and for trying it out. Values come from the environment (`azd env set NAME VALUE`); all else is the
// template's default, which README.md lists. Lists are comma separated.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'dev')
param location = readEnvironmentVariable('AZURE_LOCATION', 'norwayeast')

param altinnOpenIdConfigurationUrl = readEnvironmentVariable(
  'ALTINN_OPENID_CONFIGURATION_URL',
  'https://platform.tt02.altinn.no/authentication/api/v1/openid/.well-known/openid-configuration'
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

param allowedAddresses = filter(split(readEnvironmentVariable('ALLOWED_ADDRESSES', ''), ','), item => !empty(item))
param alertEmails = filter(split(readEnvironmentVariable('ALERT_EMAILS', ''), ','), item => !empty(item))
param operatorPrincipalId = readEnvironmentVariable('OPERATOR_PRINCIPAL_ID', '')
param operatorPrincipalType = readEnvironmentVariable('OPERATOR_PRINCIPAL_TYPE', 'Group')
