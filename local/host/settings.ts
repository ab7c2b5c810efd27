import { createRequire } from 'node:module'
import path from 'node:path'
import Joi from 'joi'

type Count = 'batchSize' | 'newBatchThreshold' | 'maxDequeueCount'
type Ms = 'maxPollingInterval' | 'visibilityTimeout'
type Text = 'routePrefix' | 'messageEncoding'
export type HostSettings = Record<Count | Ms, number> & Record<Text, string>

const toMs = (span: string) =>
  span.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000
const hhmmss = /^\d\d:\d\d:\d\d(\.\d+)?$/
const timeSpan = Joi.string().pattern(hhmmss).custom(toMs)
const whole = Joi.number().integer().min(0)
const schema = Joi.object<HostSettings>({
  routePrefix: Joi.string().allow('').default('api'),
  batchSize: whole.min(1).max(32).default(16),
  newBatchThreshold: whole.default(({ batchSize }) => Math.floor(batchSize / 2)),
  maxDequeueCount: whole.min(1).default(5),
  maxPollingInterval: timeSpan.default(2000),
  visibilityTimeout: timeSpan.default(0),
  messageEncoding: Joi.valid('base64'),
})

/**
 * Reads `extensions.http` and `extensions.queues` of host.json. In the environment,
 * `AzureFunctionsJobHost__extensions__queues__batchSize` overrides its batchSize, and so on. Throws for a value that the
 * host refuses, and for a name that is none of the above.
 */
export function readHostSettings(folder: string): HostSettings {
  const { extensions = {} } = readJson(path.resolve(folder, 'host.json'))
  const prefix = /^AzureFunctionsJobHost__extensions__(http|queues)__/i
  const overrides = Object.entries(process.env).filter(([name]) => prefix.test(name))
  const { value, error } = schema.validate({
    ...extensions.http,
    ...extensions.queues,
    ...Object.fromEntries(overrides.map(([name, text]) => [name.replace(prefix, ''), text])),
  })
  if (error) throw new Error(`host.json, or what overrides it: ${error.message}`)
  return value
}

/** Reads a JSON file; a fault in it names the file. */
export const readJson = createRequire(import.meta.url)
