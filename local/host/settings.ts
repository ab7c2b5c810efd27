import { createRequire } from 'node:module'
import path from 'node:path'

export type HostSettings = ReturnType<typeof readHostSettings>

const timeSpan = /^\d\d:\d\d:\d\d(\.\d+)?$/
const toMs = (span: string) =>
  span.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000

/**
 * Reads `extensions.http` and `extensions.queues` of host.json; intervals become ms. In the environment,
 * `AzureFunctionsJobHost__extensions__queues__batchSize` overrides its batchSize, and so on. Throws for a value that the
 * host refuses, and for a name that is none of the below.
 */
export function readHostSettings(folder: string) {
  const { extensions = {} } = readJson(path.resolve(folder, 'host.json'))
  const given = new Map(
    Object.entries({ ...extensions.http, ...extensions.queues, ...overrides() }),
  )
  function takeSetting(name: string, form: RegExp, fallback: unknown) {
    const text = String(given.get(name) ?? fallback)
    given.delete(name)
    if (!form.test(text)) throw new Error(`host.json, or what overrides it: ${name} is "${text}"`)
    return text
  }
  takeSetting('messageEncoding', /^base64$/i, 'base64')
  const batchSize = Number(takeSetting('batchSize', /^([1-9]|[12]\d|3[0-2])$/, 16))
  const settings = {
    routePrefix: takeSetting('routePrefix', /^/, 'api'),
    batchSize,
    newBatchThreshold: Number(takeSetting('newBatchThreshold', /^\d+$/, Math.floor(batchSize / 2))),
    maxDequeueCount: Number(takeSetting('maxDequeueCount', /^[1-9]\d*$/, 5)),
    maxPollingInterval: toMs(takeSetting('maxPollingInterval', timeSpan, '00:00:02')),
    visibilityTimeout: toMs(takeSetting('visibilityTimeout', timeSpan, '00:00:00')),
  }
  if (given.size > 0) throw new Error(`host.json: unknown here: ${[...given.keys()].join(', ')}`)
  return settings
}

function overrides() {
  const name = /^AzureFunctionsJobHost__extensions__(?:http|queues)__/i
  const found = Object.entries(process.env).filter(([key]) => name.test(key))
  return Object.fromEntries(found.map(([key, value]) => [key.replace(name, ''), value]))
}

/** Reads a JSON file; a fault in it names the file. */
export const readJson = createRequire(import.meta.url)
