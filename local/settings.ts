import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** The folder of the app: what `func` would call the function app's root. */
export const root = path.join(import.meta.dirname, '..')

/** Puts settings into the environment, as `func` does with local.settings.json: what is already there wins. */
export function addToEnvironment(settings: Record<string, string>): void {
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value
}

/** The settings of local.settings.json, or of the sample where there is none yet. */
export function readSettingsFile(): Record<string, string> {
  const own = path.join(root, 'local.settings.json')
  const file = existsSync(own) ? own : path.join(root, 'local.settings.sample.json')
  const { Values } = JSON.parse(readFileSync(file, 'utf8'))
  return Values
}

/** Queues are looked into every 100 ms instead of every second (host.json), so that nobody waits on a laptop. */
export const quickPolling = {
  AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:00.100',
}
