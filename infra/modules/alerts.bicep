@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Suffix of all names.')
param suffix string

@description('Who gets a mail; empty for nobody: the alerts are then seen in the portal alone.')
param emails string[]

@description('Name of the workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param componentName string

@description('Name of the Cosmos account.')
param cosmosName string

@description('Seconds an event may wait to be fanned out.')
param oldestPendingSeconds int

@description('Seconds a delivery may be overdue.')
param oldestDueSeconds int

@description('Deliveries that may die in an hour.')
param deadPerHour int

@description('Circuits that may be open at the same time.')
param openCircuits int

@description('Address that the availability test asks.')
param healthUrl string

@description('Minutes between two availability tests from each place; 0 for none.')
param availabilityTestMinutes int

// An alert is a query that the run book and the workbook also show, and its own condition. Its window is the time it looks at.
var gauge = loadTextContent('../queries/gauge.kql')
var sweeps = loadTextContent('../queries/sweeps.kql')

// Each sweep is a timer of its own and writes a line when all of its work is done; a failing one must not hide behind the others.
var silentSweeps = map(
  [
    { name: 'sweep-events', undone: 'events whose message was lost are not fanned out' }
    { name: 'sweep-deliveries', undone: 'retries that wait for more than a minute are not sent' }
    { name: 'sweep-subscriptions', undone: 'open circuits are not probed, and drains that broke off do not go on' }
  ],
  sweep => {
    name: sweep.name
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: '${sweeps}| where sweep == \'${sweep.name}\' | summarize runs = count() | where runs == 0'
    description: 'The timer ${sweep.name} has not done its whole work for 15 minutes: ${sweep.undone}. See its failures.'
  }
)

// What must be seen at once is looked for every 5 minutes, the rest every 15: it costs a third.
var rules = concat(silentSweeps, [
  {
    name: 'pending'
    severity: 1
    every: 'PT5M'
    window: 'PT10M'
    query: '${gauge}| where oldestPendingSeconds > ${oldestPendingSeconds}'
    description: 'Accepted events wait too long to be fanned out. See fan-out-event and the queue events-inbound: failures, throttling, instances.'
  }
  {
    name: 'overdue'
    severity: 1
    every: 'PT5M'
    window: 'PT10M'
    query: '${gauge}| where oldestDueSeconds > ${oldestDueSeconds}'
    description: 'Retries are overdue. See retry-delivery and the queue events-retry: failures, throttling, instances.'
  }
  {
    name: 'dead'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: '${gauge}| where deadLastHour > ${deadPerHour}'
    description: 'Deliveries have died. Find the subscriber and the reason in the delivery records; replay when its endpoint is well.'
  }
  {
    name: 'poison'
    severity: 1
    every: 'PT15M'
    window: 'PT15M'
    query: '${gauge}| where poisonMessages > 0'
    description: 'Messages that make no sense are kept in the container poison. Look at each, mend what sent it, delete the document.'
  }
  {
    name: 'circuits'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: '${gauge}| where openCircuits > ${openCircuits}'
    description: 'Many subscribers fail at the same time. That is often our own way out: name look-ups, the outbound address, certificates.'
  }
  {
    name: 'gauge'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: '${gauge}| summarize lines = count() | where lines == 0'
    description: 'There is no gauge line for 15 minutes: the alerts pending, overdue, dead, poison and circuits see nothing. See the failures of the timer gauge.'
  }
  {
    name: 'keys'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: '${loadTextContent('../queries/key-servers.kql')}| where lines >= 3 or dark >= 2'
    description: 'The keys at an address cannot be fetched. Known keys serve for 24 hours; an instance that knows none answers 503. The result names the address and the reason.'
  }
  {
    name: 'access'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: '${loadTextContent('../queries/access.kql')}| where lines >= 3'
    description: 'The policy decision point gives no decision: who needs one gets a 503, and the deliveries that need one wait. The result names the reason.'
  }
  {
    name: 'grants'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: '${loadTextContent('../queries/grants.kql')}| where lines > 0'
    description: 'The document of grants has a wrong entry, or is gone. A wrong one leaves the version before in force; an instance that starts meanwhile gives no decisions. One that is gone grants nothing after a minute. The result names the entry.'
  }
  {
    name: 'register'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: '${loadTextContent('../queries/register.kql')}| where lines >= 3'
    description: 'The register of parties does not answer, or its address is wrong. Known answers serve for a day; beyond that readers get a 503, and events that a subscription with subunits may want wait. The result names the reason.'
  }
  {
    name: 'functions'
    severity: 1
    every: 'PT15M'
    window: 'PT15M'
    query: '${loadTextContent('../queries/functions.kql')}| where not(isHttp) and failed >= 5 and failed * 10 > runs'
    description: 'Five runs, and more than a tenth, of a queue function or a timer have failed: as many as a message has tries. Its work waits in the documents; the result names the function, and an example of the exception.'
  }
  {
    name: 'errors'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: '${loadTextContent('../queries/server-errors.kql')}| summarize failures = sum(failures) | where failures > 5'
    description: 'More than five answers 5xx in 15 minutes. See the exceptions of the same operation ids.'
  }
  {
    name: 'logcap'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('../queries/log-cap.kql')
    description: 'The day\'s log cap is reached: until tomorrow every alert that reads logs is blind. Find what writes so much, or raise logDailyCapGb.'
  }
])

var actionGroups = empty(emails) ? [] : [actionGroup.id]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' existing = {
  name: cosmosName
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: 'ag-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'app-events'
    enabled: true
    emailReceivers: map(range(0, length(emails)), index => {
      name: 'mail-${index}'
      emailAddress: emails[index]
      useCommonAlertSchema: true
    })
  }
}

resource logAlerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${rule.name}-${suffix}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'App Events: ${rule.name}'
      description: '${rule.description} More in docs/operations.md.'
      severity: rule.severity
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: rule.every
      windowSize: rule.window
      autoMitigate: true
      skipQueryValidation: true // the tables do not exist on the first day
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: actionGroups }
    }
  }
]

resource throttling 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alert-throttling-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Cosmos DB refuses requests for want of capacity. With autoscale raise cosmosMaxThousandRequestUnits; see which partition is hot. More in docs/operations.md.'
    severity: 2
    enabled: true
    scopes: [cosmos.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'throttled'
          criterionType: 'StaticThresholdCriterion'
          metricNamespace: 'Microsoft.DocumentDB/databaseAccounts'
          metricName: 'TotalRequests'
          dimensions: [{ name: 'StatusCode', operator: 'Include', values: ['429'] }]
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 100
        }
      ]
    }
    actions: map(actionGroups, id => { actionGroupId: id })
  }
}

resource availabilityTest 'Microsoft.Insights/webtests@2022-06-15' = if (availabilityTestMinutes > 0) {
  name: 'wt-health-${suffix}'
  location: location
  tags: union(tags, { 'hidden-link:${component.id}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: 'wt-health-${suffix}'
    Name: 'App Events: health'
    Kind: 'standard'
    Enabled: true
    Frequency: availabilityTestMinutes * 60
    Timeout: 30
    RetryEnabled: true
    Locations: [
      { Id: 'emea-nl-ams-azr' } // West Europe
      { Id: 'emea-gb-db3-azr' } // North Europe
      { Id: 'emea-ru-msa-edge' } // UK South
    ]
    Request: {
      RequestUrl: healthUrl
      HttpVerb: 'GET'
      ParseDependentRequests: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource availability 'Microsoft.Insights/metricAlerts@2018-03-01' = if (availabilityTestMinutes > 0) {
  name: 'alert-availability-${suffix}'
  location: 'global'
  tags: union(tags, {
    'hidden-link:${component.id}': 'Resource'
    'hidden-link:${availabilityTest.id}': 'Resource'
  })
  properties: {
    description: 'GET /health fails from two places or more. Its body says which part is unwell. More in docs/operations.md.'
    severity: 1
    enabled: true
    scopes: [availabilityTest.id, component.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: availabilityTest.id
      componentId: component.id
      failedLocationCount: 2
    }
    actions: map(actionGroups, id => { actionGroupId: id })
  }
}
