import type { Stack } from '../../local/stack.ts'
import { altinnToken, callers, platformToken } from '../../local/tokens.ts'
import { startChild } from '../support/child.ts'
import { startHostProcess } from '../support/host.ts'
import type { Contender } from './contender.ts'
import { createStores } from '../support/stores.ts'

/**
 * The contenders: the built app, the app that takes generic events, the app with telemetry, the bare calls in the same host,
 * and the bare calls alone.
 */
export interface Contenders<T> {
  app: T
  generic: T
  traced: T
  hosted: T
  bare: T
}

/**
 * Starts all contenders. `flags` are extra Node.js flags of the app's host, `collector` is the address for telemetry.
 */
export async function startContenders(
  stack: Stack,
  flags: string[],
  collector: string,
): Promise<Contenders<Contender>> {
  const exporting = { OTEL_EXPORTER_OTLP_ENDPOINT: collector }
  const [app, generic, traced, hosted, bare] = await Promise.all([
    startHosted(stack, 'benchapp', '../../local/start-host.ts', flags),
    startHosted(stack, 'benchgeneric', '../../local/start-host.ts', [], {}, 'events'),
    startHosted(stack, 'benchtraced', '../../local/start-host.ts', [], exporting),
    startHosted(stack, 'benchhosted', '../accept/floor-host.ts', []),
    startBare(stack, 'benchbare'),
  ])
  return { app, generic, traced, hosted, bare }
}

/** Starts a host in one process and its load in another. */
async function startHosted(
  stack: Stack,
  name: string,
  file: string,
  flags: string[],
  settings: object = {},
  route: 'app' | 'events' = 'app',
): Promise<Contender> {
  const stores = await createStores(stack, name)
  const env = { ...stack.settings, ...stores.settings, ...settings, PORT: '0' }
  const args = ['--functions', route === 'app' ? 'publish-event' : 'publish-generic-event']
  const { child: worker, url } = await startHostProcess(file, { args, flags, env })
  const claims = { ...callers.org('ttd'), scope: 'altinn:events.publish' }
  const altinn = await altinnToken(stack.issuer.url, claims)
  const platform = await platformToken(stack.issuer.url, 'ttd', 'apps-test')
  const driver = startChild('../accept/publish.ts', {
    args: [`${url}/events/api/v1/${route}`, altinn, platform],
  })
  await driver.nextMessage()
  return { worker, driver, stores }
}

async function startBare(stack: Stack, name: string): Promise<Contender> {
  const stores = await createStores(stack, name)
  const worker = startChild('../accept/floor.ts', { env: stores.settings })
  await worker.nextMessage()
  return { worker, driver: worker, stores }
}
