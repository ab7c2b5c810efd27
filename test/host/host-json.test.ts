import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv } from 'ajv'
import { read } from '../support/bicep.ts'

const span = { type: 'string', pattern: String.raw`^\d\d:\d\d:\d\d(\.\d+)?$` }
const closed = { type: 'object', additionalProperties: false }
const texts = { type: 'string', minLength: 1 }
const positive = { type: 'integer', minimum: 1 }
const level = { enum: ['Trace', 'Debug', 'Information', 'Warning', 'Error', 'Critical', 'None'] }
const telemetry =
  '^(Dependency|Event|Exception|PageView|Request|Trace)(;(Dependency|Event|Exception|PageView|Request|Trace))*$'

/** The parts that we use of https://json.schemastore.org/host.json, version 2.0, and of the extensions' own bounds. */
const schema = {
  ...closed,
  required: ['version', 'extensionBundle'],
  properties: {
    version: { const: '2.0' },
    functionTimeout: { type: 'string', pattern: '^(-1|([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d)$' },
    logging: {
      ...closed,
      properties: {
        logLevel: { type: 'object', additionalProperties: level },
        applicationInsights: {
          ...closed,
          properties: {
            samplingSettings: {
              ...closed,
              properties: {
                isEnabled: { type: 'boolean' },
                maxTelemetryItemsPerSecond: positive,
                excludedTypes: { type: 'string', pattern: telemetry },
              },
            },
          },
        },
      },
    },
    extensionBundle: {
      ...closed,
      required: ['id', 'version'],
      properties: {
        id: { const: 'Microsoft.Azure.Functions.ExtensionBundle' },
        version: { type: 'string', pattern: String.raw`^[[(]\d+\.[\d.*]+, ?\d+\.\d+\.\d+[)\]]$` },
      },
    },
    extensions: {
      ...closed,
      properties: {
        http: {
          ...closed,
          properties: {
            routePrefix: { type: 'string', pattern: '^[^/].*[^/]$' },
            hsts: { ...closed, properties: { isEnabled: { type: 'boolean' }, maxAge: texts } },
            customHeaders: { type: 'object', additionalProperties: { type: 'string' } },
          },
        },
        queues: {
          ...closed,
          properties: {
            maxPollingInterval: span,
            visibilityTimeout: span,
            batchSize: { type: 'integer', minimum: 1, maximum: 32 },
            newBatchThreshold: { type: 'integer', minimum: 0 },
            maxDequeueCount: positive,
            messageEncoding: { enum: ['base64', 'none'] },
          },
        },
      },
    },
  },
}
const isValid = new Ajv().compile(schema)
const host = JSON.parse(read('host.json'))

test('host.json is valid by the published schema', () => {
  assert.ok(isValid(host), JSON.stringify(isValid.errors))
})

test('rejects what the schema rejects', () => {
  const { http, queues } = host.extensions
  for (const wrong of [
    { ...host, version: '2' },
    { ...host, functionTimeout: '5 minutes' },
    { ...host, functionTimeOut: '00:05:00' },
    { ...host, extensions: { http, queues: { ...queues, batchSize: 33 } } },
    { ...host, extensions: { http, queues: { ...queues, maxPollingInterval: 1000 } } },
    { ...host, extensions: { http, queues: { ...queues, messageEncoding: 'Base64' } } },
    { ...host, extensions: { http, queue: queues } },
    { ...host, logging: { logLevel: { default: 'Info' } } },
    { ...host, extensionBundle: { ...host.extensionBundle, version: '4.x' } },
  ])
    assert.ok(!isValid(wrong), JSON.stringify(wrong))
})

test('a function ends before the platform ends its instance', () => {
  const [hours, minutes] = host.functionTimeout.split(':').map(Number)
  assert.ok(hours * 60 + minutes < 10) // minutes of grace at an update of the platform
})
