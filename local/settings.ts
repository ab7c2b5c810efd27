import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { storageConnection } from './emulators/storage-connection.ts'
import { withPorts } from './ports.ts'

/** The folder of the app: the root of the function app, as `func` calls it. */
export const root = path.join(import.meta.dirname, '..')

/** Adds settings to the environment, as `func` does with local.settings.json: what is set already stays. */
export function addToEnvironment(settings: Record<string, string>): void {
  Object.assign(process.env, withEnvironment(settings))
}

/** Returns settings with those that the environment has instead. Where it names a policy decision point, there are no grants. */
export function withEnvironment(settings: Record<string, string>): Record<string, string> {
  const isAsked = (process.env['ALTINN_AUTHORIZATION_URL'] ?? '') !== ''
  const given = Object.entries(settings).map(([name, value]): [string, string] => [
    name,
    process.env[name] ?? (isAsked && name === 'ACCESS_GRANTS' ? '' : value),
  ])
  return Object.fromEntries(given)
}

/** Returns the settings of local.settings.json, or of the sample where there is none yet. */
export function readSettingsFile(): Record<string, string> {
  const own = path.join(root, 'local.settings.json')
  return existsSync(own) ? readSettings(own) : readSampleSettings()
}

/** Returns the settings of local.settings.sample.json: those of the local stack. */
export const readSampleSettings = (): Record<string, string> =>
  readSettings(path.join(root, 'local.settings.sample.json'))

/** What names the local stack does so by the ports that the environment gives. */
function readSettings(file: string): Record<string, string> {
  const { Values }: { Values: Record<string, string> } = JSON.parse(readFileSync(file, 'utf8'))
  return Object.fromEntries(
    Object.entries(Values).map(([name, value]) => [name, withPorts(withEndpoints(value))]),
  )
}

/** The short form of the storage emulator's connection string has no ports that could be others. */
const withEndpoints = (setting: string): string =>
  setting === 'UseDevelopmentStorage=true'
    ? storageConnection({ queue: 10_001, blob: 10_000 })
    : setting

/** Polls queues every 100 ms instead of every second (host.json), so that nobody waits on a laptop. */
export const fastPolling = {
  AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100',
}
