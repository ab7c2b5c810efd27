import type { App } from '../support/subscriber.ts'
import { startAccessLab } from './access-fixture.ts'
import { addressAttacks, endpointAttacks, startEndpointLab } from './addresses.ts'
import type { Attack } from './attack.ts'
import { bodyAttacks, startBodyLab } from './bodies.ts'
import { guessAttacks } from './id-enumeration.ts'
import { readingAttacks } from './reads.ts'
import { routeAttacks } from './routes.ts'
import { leakAttacks } from './secrets.ts'
import { sourceAttacks, startSourceLab } from './sources.ts'
import { startTokenLab } from './token-fixture.ts'
import { tokenAttacks } from './tokens.ts'
import { startWebhookLab } from './webhook-fixture.ts'
import { webhookAttacks } from './webhooks.ts'
import { wishAttacks } from './subscription-attempts.ts'

/** An app under attack, with all that is tried on it, in order. */
interface Lab {
  attacks: Attack[]
  apps: App[]
  stop: () => Promise<unknown>
}

/** Every lab there is; each starts an app of its own. */
export const labs: (() => Promise<Lab>)[] = [
  lab(startTokenLab, tokenAttacks),
  lab(startSourceLab, sourceAttacks),
  lab(startBodyLab, bodyAttacks),
  lab(startEndpointLab, (started) => [...addressAttacks, ...endpointAttacks(started)]),
  lab(startAccessLab, async (started) => [
    ...(await routeAttacks(started)),
    ...(await guessAttacks(started)),
    ...wishAttacks(started),
    ...(await readingAttacks(started)),
    ...leakAttacks(
      'access',
      started.app,
      Object.values(started.tokens).filter((token) => token !== undefined),
    ),
  ]),
  lab(startWebhookLab, webhookAttacks),
]

function lab<T extends { app: App; choosy?: App; stop: () => Promise<unknown> }>(
  start: () => Promise<T>,
  attacksOn: (started: T) => Attack[] | Promise<Attack[]>,
): () => Promise<Lab> {
  return async () => {
    const started = await start()
    const apps = [started.app, started.choosy].filter((app) => app !== undefined)
    return { attacks: await attacksOn(started), apps, stop: () => started.stop() }
  }
}
