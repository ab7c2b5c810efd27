// host.json, what overrides it in the environment, and the notations of the host's settings.
import { readFileSync } from 'node:fs'
import path from 'node:path'

export type QueueSettings = ReturnType<typeof readHostSettings>['queues'] & { leaseSeconds: number }

/** Reads host.json. `AzureFunctionsJobHost__a__b__c` in the environment overrides its a.b.c. */
export function readHostSettings(folder: string) {
  const file = path.join(folder, 'host.json')
  const root = readJson(file)
  const find = (fallback: string | number, ...keys: string[]) => {
    const override = member(process.env, ['AzureFunctionsJobHost', ...keys].join('__'))
    return text(override ?? keys.reduce(member, root), `${fallback}`)
  }
  function queues(name: string, fallback: string | number, min: number, max = 1e9) {
    const given = find(fallback, 'extensions', 'queues', name)
    const value = typeof fallback === 'number' ? Number(given) : (parseTimeSpan(given) ?? NaN)
    if (value >= min && value <= max && Number.isInteger(value)) return value
    const unit = typeof fallback === 'number' ? '' : ' ms, written as a TimeSpan'
    throw new Error(`${file}: extensions.queues.${name} is "${given}", not ${min} to ${max}${unit}`)
  }
  const batchSize = queues('batchSize', 16, 1, 32)
  return {
    routePrefix: find('api', 'extensions', 'http', 'routePrefix').replace(/^\/+|\/+$/g, ''),
    queues: {
      batchSize,
      newBatchThreshold: queues('newBatchThreshold', Math.floor(batchSize / 2), 0),
      maxDequeueCount: queues('maxDequeueCount', 5, 1),
      maxPollingMs: queues('maxPollingInterval', '00:00:02', 100),
      visibilitySeconds: Math.floor(queues('visibilityTimeout', '00:00:00', 0) / 1000),
      base64: find('base64', 'extensions', 'queues', 'messageEncoding').toLowerCase() !== 'none',
    },
  }
}

/** Reads a JSON file; a fault in it names the file. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new Error(`${file} cannot be read as JSON: ${String(cause)}`, { cause })
  }
}

/** The member of that name, in any case, as in .NET's configuration. */
export function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1]
}

/** A string or number as text, else the fallback. */
export const text = (value: unknown, fallback: string) =>
  typeof value === 'string' || typeof value === 'number' ? `${value}` : fallback

/** A .NET TimeSpan ("00:00:30", "00:00:00.25", "1.02:00:00") in milliseconds. */
export function parseTimeSpan(span: string) {
  const found = /^(?:(\d+)\.)?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,7})?)$/.exec(span)
  if (!found) return undefined
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(1)
    .map((part) => Number(part ?? 0))
  return Math.round((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000)
}

/** Replaces each %NAME% by that setting, as the host does in queue names and schedules. */
export function expand(given: string) {
  return given.replaceAll(/%([^%]+)%/g, (_, name: string) => {
    const value = process.env[name]
    if (value === undefined) throw new Error(`the setting ${name} (in "${given}") is missing`)
    return value
  })
}
