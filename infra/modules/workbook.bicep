@description('Location.')
param location string

@description('Tags.')
param tags { *: string }

@description('Suffix of all names.')
param suffix string

@description('Name of the workspace.')
param workspaceName string

@description('Name of the Cosmos account.')
param cosmosName string

@description('Name of the function app.')
param appName string

// Each query is a file that the run book names and that alerts may read.
var sections = [
  {
    heading: 'Health at a glance'
    queries: [
      {
        name: 'now'
        title: 'At the newest look'
        visualization: 'tiles'
        query: loadTextContent('../queries/now.kql')
      }
      {
        name: 'gauge'
        title: 'Ages in seconds, and counts'
        visualization: 'linechart'
        query: loadTextContent('../queries/gauge.kql')
      }
      {
        name: 'functions'
        title: 'Functions: runs, failures, ms'
        visualization: 'table'
        query: loadTextContent('../queries/functions.kql')
      }
      {
        name: 'server-errors'
        title: 'Answers 5xx'
        visualization: 'table'
        query: loadTextContent('../queries/server-errors.kql')
      }
    ]
  }
  {
    heading: 'Load and latency'
    queries: [
      {
        name: 'load'
        title: 'Accepted, fanned out, delivered and dead, by the minute'
        visualization: 'linechart'
        query: loadTextContent('../queries/load.kql')
      }
      {
        name: 'latency'
        title: 'From the 201 to the end of the fan-out, ms'
        visualization: 'linechart'
        query: loadTextContent('../queries/latency.kql')
      }
    ]
  }
  {
    heading: 'Failing subscribers'
    queries: [
      {
        name: 'retries'
        title: 'Retries, by the number of the subscription'
        visualization: 'table'
        query: loadTextContent('../queries/retries.kql')
      }
      {
        name: 'drains'
        title: 'Drains of backlogs, by the id of the subscription\'s document'
        visualization: 'table'
        query: loadTextContent('../queries/drains.kql')
      }
    ]
  }
  {
    heading: 'Keys and access'
    queries: [
      {
        name: 'key-servers'
        title: 'Key servers that fail'
        visualization: 'table'
        query: loadTextContent('../queries/key-servers.kql')
      }
      {
        name: 'access'
        title: 'No decision by the policy decision point'
        visualization: 'table'
        query: loadTextContent('../queries/access.kql')
      }
      {
        name: 'grants'
        title: 'What is wrong with the document of grants'
        visualization: 'table'
        query: loadTextContent('../queries/grants.kql')
      }
      {
        name: 'register'
        title: 'No answer by the register of parties'
        visualization: 'table'
        query: loadTextContent('../queries/register.kql')
      }
    ]
  }
  {
    heading: 'Poison'
    queries: [
      {
        name: 'poison'
        title: 'Messages that were kept'
        visualization: 'table'
        query: loadTextContent('../queries/poison.kql')
      }
    ]
  }
  {
    heading: 'What it costs'
    queries: [
      {
        name: 'log-volume'
        title: 'The log, GB'
        visualization: 'barchart'
        query: loadTextContent('../queries/log-volume.kql')
      }
      {
        name: 'log-cap'
        title: 'The day\'s limit of the log was reached'
        visualization: 'table'
        query: loadTextContent('../queries/log-cap.kql')
      }
    ]
  }
]

var metrics = [
  {
    title: 'Request units of Cosmos DB'
    resourceType: 'microsoft.documentdb/databaseaccounts'
    resourceId: cosmos.id
    metric: 'microsoft.documentdb/databaseaccounts-Requests-TotalRequestUnits'
  }
  {
    title: 'Execution of functions, MB-ms'
    resourceType: 'microsoft.web/sites'
    resourceId: app.id
    metric: 'microsoft.web/sites--OnDemandFunctionExecutionUnits'
  }
]

var timeRange = {
  type: 9 // parameters
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        id: guid(suffix, 'TimeRange')
        version: 'KqlParameterItem/1.0'
        name: 'TimeRange'
        label: 'Time'
        type: 4 // a time range
        isRequired: true
        value: { durationMs: 86400000 }
        typeSettings: {
          selectableValues: map([1, 4, 24, 72, 168, 720], hours => { durationMs: hours * 3600000 })
          allowCustom: true
        }
      }
    ]
    style: 'pills'
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
  }
  name: 'TimeRange'
}

var tileSettings = {
  titleContent: { columnMatch: 'name', formatter: 1 } // text
  leftContent: { columnMatch: 'value', formatter: 12 } // a big number
  showBorder: true
}

var queryItems = flatten(map(sections, section => concat(
  [{ type: 1, content: { json: '## ${section.heading}' }, name: section.heading }],
  map(section.queries, query => {
    type: 3
    content: union(
      {
        version: 'KqlItem/1.0'
        query: query.query
        size: 0
        title: query.title
        noDataMessage: 'Nothing in this time.'
        timeContextFromParameter: 'TimeRange'
        queryType: 0 // logs
        resourceType: 'microsoft.operationalinsights/workspaces'
        visualization: query.visualization
      },
      query.visualization == 'tiles' ? { tileSettings: tileSettings } : {}
    )
    name: query.name
  })
)))

var metricItems = map(metrics, metric => {
  type: 10
  content: {
    chartId: 'workbook-${metric.metric}'
    version: 'MetricsItem/2.0'
    size: 0
    chartType: 2 // line
    resourceType: metric.resourceType
    metricScope: 0
    resourceIds: [metric.resourceId]
    timeContextFromParameter: 'TimeRange'
    metrics: [{ namespace: metric.resourceType, metric: metric.metric, aggregation: 1 }] // sum
    title: metric.title
  }
  customWidth: '50'
  name: metric.title
})

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-10-15' existing = {
  name: cosmosName
}

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(suffix, 'workbook') // Azure takes a GUID alone
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'App Events'
    description: 'Health, load, failing subscribers and costs. docs/operations.md says what to do.'
    category: 'workbook'
    sourceId: workspace.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([timeRange], queryItems, metricItems)
      fallbackResourceIds: [workspace.id]
    })
  }
}
