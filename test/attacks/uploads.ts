import { clientHeaders } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { countStored } from '../support/problems.ts'
import { createTestStores } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { attack, type Attack } from './attack.ts'
import { type Send, dribble, leave, sendHuge, sendOn, upload } from './upload.ts'

const LENGTH = 100_000_000
const AT_ONCE = 2
const QUICK_SECONDS = 0.3
const MEMORY_MB = 256
const HARMLESS = `others under ${QUICK_SECONDS} s, memory under ${MEMORY_MB} MB`

type Body = [headers: Record<string, string>, length: number | undefined, send: Send]
type UploadFixture = Awaited<ReturnType<typeof startUploadFixture>>

/** An app that takes events, and tokens for it. */
export async function startUploadFixture() {
  const stores = await createTestStores()
  const app = await startApp(stores, { functions: ['publish-event'] })
  const signed = clientHeaders(...(await tokensOf('ttd', 'apps-test')))
  await app.publish() // what the first event is slower by is no attack's doing
  return { stores, app, signed, stop: app.stop }
}

/** Every attack by bodies that are too long, too slow or not whole; each is sent twice at once. */
export function uploadAttacks({ stores, app, signed }: UploadFixture): Attack[] {
  let published = 1
  const publish = async () => {
    published += Number((await app.publish()).status === 201)
  }
  const row = (name: string, expected: string, ...how: Body) =>
    attack('upload', name, `${expected}; ${HARMLESS}`, async () => {
      const uploads = Array.from({ length: AT_ONCE }, () => upload(`${app.api}/app`, ...how))
      const harm = await harmDuring(Promise.all(uploads), publish, app.residentMB)
      return `${[...new Set(await Promise.all(uploads))].join(', ')}; ${harm}`
    })
  const unsigned = { 'Content-Type': 'application/json' }
  return [
    row('100 MB without a token', '401', unsigned, LENGTH, sendHuge),
    row('100 MB in chunks, without a token', '401', unsigned, undefined, sendHuge),
    row('chunks without end, without a token', '401', unsigned, undefined, sendOn),
    row('100 MB', '413', signed, LENGTH, sendHuge),
    row('100 MB in chunks', '413', signed, undefined, sendHuge),
    row('chunks without end', '413', signed, undefined, sendOn),
    row('a body that dribbles', 'no answer', signed, 1000, dribble(50, 20)),
    row('chunks that dribble', 'no answer', signed, undefined, dribble(50, 20)),
    row('a body that ends early', 'closed', signed, 1000, leave),
    row('chunks that end early', 'closed', signed, undefined, leave),
    attack('upload', 'what all this has stored', 'only what others published', async () => {
      const { stored } = await countStored(stores)
      return stored === published ? 'only what others published' : `${stored}, not ${published}`
    }),
    attack('upload', 'the app after all this', 'alive', async () =>
      app.died() ? 'dead' : 'alive',
    ),
  ]
}

/** Attacks by bodies that dribble for a minute: all begin now, beside whatever else is tried, and each ends after 35 s. */
export function longUploadAttacks({ app, signed }: UploadFixture): Attack[] {
  const row = (name: string, length: number | undefined) => {
    const outcome = upload(`${app.api}/app`, signed, length, dribble(60, 1000))
    return attack('upload', name, 408, () => outcome)
  }
  return [
    row('a body that dribbles for longer than 30 s', 1000),
    row('chunks that dribble for longer than 30 s', undefined),
  ]
}

/** Publishes over and over until the uploads are over. Returns how slow that was at worst, and how large the app. */
async function harmDuring(
  uploads: Promise<unknown>,
  publish: () => Promise<void>,
  residentMB: () => Promise<number>,
): Promise<string> {
  const over = new AbortController()
  void uploads.finally(() => over.abort())
  let [seconds, megabytes] = [0, 0]
  while (!over.signal.aborted) {
    const began = performance.now()
    await publish()
    seconds = Math.max(seconds, (performance.now() - began) / 1000)
    megabytes = Math.max(megabytes, await residentMB())
  }
  const slowest = seconds < scaleTimeout(QUICK_SECONDS) ? QUICK_SECONDS : seconds.toFixed(1)
  return `others under ${slowest} s, memory under ${Math.ceil(Math.max(megabytes, MEMORY_MB))} MB`
}
