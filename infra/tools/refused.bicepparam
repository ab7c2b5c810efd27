using '../main.bicep'

// Every value below is out of bounds: `npm run check:infra` fails if the compiler takes one.
param environmentName = ''
param location = ''
param altinnOpenIdConfigurationUrl = ''
param eventMaxBytes = 1900001
param deliveryRetrySeconds = []
param deliveryTimeoutSeconds = 61
param inboundQueues = 33
param deliveredRetentionDays = 91
param repairAfterSeconds = 0
param readHoldbackSeconds = 14
param databaseName = ''
param cosmosAccountName = 'cosmos-of-a-name-that-is-longer-than-an-account-may-have'
param cosmosCapacity = 'provisioned'
param cosmosMaxThousandRequestUnits = 0
param instanceMemoryMB = 1024
param maximumInstanceCount = 39
param httpConcurrency = 1001
param alwaysReady = { http: 1, 'function:fan-out-event': -1 }
param addressSpace = 'none'
param alertPendingSeconds = 59
param alertOverdueSeconds = 86401
param alertDeadPerHour = 1000
param alertOpenCircuits = -1
param availabilityTestMinutes = 1
param monthlyBudget = 0
param logRetentionDays = 7
param logDailyCapGb = 0
param operatorPrincipalType = 'Anyone'
