import { Ajv } from 'ajv'

// The workbook of Azure Monitor, as far as this repository uses it: stricter than the public schema, which takes any member
// (github.com/microsoft/Application-Insights-Workbooks, schema/workbook.json).

const text = { type: 'string', minLength: 1 }
const strict = (properties: Record<string, object>, optional: string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
})
const one = (...values: unknown[]) => ({ enum: values })
const list = (items: object) => ({ type: 'array', minItems: 1, items })
const logs = {
  queryType: one(0),
  resourceType: one('microsoft.operationalinsights/workspaces'),
}
const span = strict({ durationMs: { type: 'integer', minimum: 60_000 } })

const markdown = strict({ type: one(1), content: strict({ json: text }), name: text })

const column = strict({ columnMatch: text, formatter: one(1, 12) }) // text, big number
const query = strict({
  type: one(3),
  content: strict(
    {
      version: one('KqlItem/1.0'),
      query: text,
      size: one(0),
      title: text,
      noDataMessage: text,
      timeContextFromParameter: one('TimeRange'),
      ...logs,
      visualization: one('barchart', 'linechart', 'table', 'tiles'),
      tileSettings: strict({
        titleContent: column,
        leftContent: column,
        showBorder: { type: 'boolean' },
      }),
    },
    ['tileSettings'],
  ),
  name: text,
})

const timeRange = strict({
  id: { type: 'string', pattern: '^[0-9a-f-]{36}$' },
  version: one('KqlParameterItem/1.0'),
  name: one('TimeRange'),
  label: text,
  type: one(4),
  isRequired: one(true),
  value: span,
  typeSettings: strict({ selectableValues: list(span), allowCustom: { type: 'boolean' } }),
})
const parameters = strict({
  type: one(9),
  content: strict({
    version: one('KqlParameterItem/1.0'),
    parameters: list(timeRange),
    style: one('pills'),
    ...logs,
  }),
  name: text,
})

const kinds = one('microsoft.documentdb/databaseaccounts', 'microsoft.web/sites')
const resourceId = { type: 'string', pattern: '^/subscriptions/.+/providers/.+$' }
const metric = strict({
  type: one(10),
  content: strict({
    chartId: text,
    version: one('MetricsItem/2.0'),
    size: one(0),
    chartType: one(2),
    resourceType: kinds,
    metricScope: one(0),
    resourceIds: list(resourceId),
    timeContextFromParameter: one('TimeRange'),
    metrics: list(
      strict({
        namespace: kinds,
        metric: { type: 'string', pattern: '^[a-z./]+-[A-Za-z]*-[A-Za-z]+$' },
        aggregation: one(1),
      }),
    ),
    title: text,
  }),
  customWidth: text,
  name: text,
})

const workbook = strict({
  version: one('Notebook/1.0'),
  items: list({ oneOf: [markdown, query, parameters, metric] }),
  fallbackResourceIds: list(resourceId),
})

const validate = new Ajv({ allErrors: true }).compile(workbook)

/** Returns what is wrong with the JSON of a workbook, each with its place. */
export function workbookFaults(value: unknown): string[] {
  validate(value)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}
