import { setTimeout as sleep } from 'node:timers/promises'
import { clientHeaders } from '../../local/example.ts'
import { startApp, tokensOf } from '../support/app.ts'
import { countStored } from '../support/problems.ts'
import { createTestStores } from '../support/stores.ts'
import { scaleTimeout } from '../support/time-limits.ts'
import { attack, type Attack } from './attack.ts'
import { type Send, sendSlowly, sendPartially, sendHuge, sendEndlessly, upload } from './upload.ts'

const LENGTH = 100_000_000
const CONCURRENCY = 2
const MAX_SECONDS = 0.3
const MAX_MEMORY_MB = 256
const HARMLESS = `others under ${MAX_SECONDS} s, memory under ${MAX_MEMORY_MB} MB`

type Body = [headers: Record<string, string>, length: number | undefined, send: Send]
type UploadFixture = Awaited<ReturnType<typeof startUploadFixture>>

/** Starts an app for events, with valid tokens. */
export async function startUploadFixture() {
  const stores = await createTestStores()
  const app = await startApp(stores, { functions: ['publish-event'] })
  const signed = clientHeaders(...(await tokensOf('ttd', 'apps-test')))
  await app.publish() // the first event is slower than the others
  return { stores, app, signed, stop: app.stop }
}

/** Attacks by bodies that are too long, too slow or partial. Each is sent twice at once. */
export function uploadAttacks({ stores, app, signed }: UploadFixture): Attack[] {
  let published = 1
  const publish = async () => {
    published += Number((await app.publish()).status === 201)
  }
  const uploadAttack = (name: string, expected: string, ...body: Body) =>
    attack('upload', name, `${expected}; ${HARMLESS}`, async () => {
      const uploads = Array.from({ length: CONCURRENCY }, () => upload(`${app.api}/app`, ...body))
      const impact = await impactDuring(Promise.all(uploads), publish, app.residentMB)
      return `${[...new Set(await Promise.all(uploads))].join(', ')}; ${impact}`
    })
  const unsigned = { 'Content-Type': 'application/json' }
  return [
    uploadAttack('100 MB without a token', '401', unsigned, LENGTH, sendHuge),
    uploadAttack('100 MB in chunks, without a token', '401', unsigned, undefined, sendHuge),
    uploadAttack('chunks without end, without a token', '401', unsigned, undefined, sendEndlessly),
    uploadAttack('100 MB', '413', signed, LENGTH, sendHuge),
    uploadAttack('100 MB in chunks', '413', signed, undefined, sendHuge),
    uploadAttack('chunks without end', '413', signed, undefined, sendEndlessly),
    uploadAttack('a slow body', 'no answer', signed, 1000, sendSlowly(50, 20)),
    uploadAttack('slow chunks', 'no answer', signed, undefined, sendSlowly(50, 20)),
    uploadAttack('a body that ends early', 'closed', signed, 1000, sendPartially),
    uploadAttack('chunks that end early', 'closed', signed, undefined, sendPartially),
    attack(
      'upload',
      'events stored after all of these',
      'only those of other callers',
      async () => {
        const { stored } = await countStored(stores)
        return stored === published ? 'only those of other callers' : `${stored}, not ${published}`
      },
    ),
    attack('upload', 'the app after all of these', 'alive', async () =>
      app.died() ? 'dead' : 'alive',
    ),
  ]
}

/** Attacks by slow bodies: all begin now, beside the other attacks, and each ends after 35 s. */
export function longUploadAttacks({ app, signed }: UploadFixture): Attack[] {
  const slowAttack = (name: string, length: number | undefined) => {
    const outcome = upload(`${app.api}/app`, signed, length, sendSlowly(60, 1000))
    return attack('upload', name, 408, () => outcome)
  }
  return [
    slowAttack('a slow body of more than 30 s', 1000),
    slowAttack('slow chunks of more than 30 s', undefined),
  ]
}

/** Publishes repeatedly until the uploads end. Returns the longest wait for an answer and the largest memory of the app. */
async function impactDuring(
  uploads: Promise<unknown>,
  publish: () => Promise<void>,
  residentMB: () => Promise<number>,
): Promise<string> {
  const over = new AbortController()
  void uploads.finally(() => over.abort())
  const [seconds, megabytes] = await Promise.all([
    longestWait(publish, over.signal),
    largestMemory(residentMB, over.signal),
  ])
  const slowest = seconds < scaleTimeout(MAX_SECONDS) ? MAX_SECONDS : seconds.toFixed(1)
  return `others under ${slowest} s, memory under ${Math.ceil(Math.max(megabytes, MAX_MEMORY_MB))} MB`
}

async function longestWait(publish: () => Promise<void>, over: AbortSignal): Promise<number> {
  let seconds = 0
  for (; !over.aborted; await sleep(100)) {
    const began = performance.eventLoopUtilization()
    await publish()
    const { idle } = performance.eventLoopUtilization(began) // this process, which uploads 200 MB meanwhile, has its own delays
    seconds = Math.max(seconds, idle / 1000)
  }
  return seconds
}

async function largestMemory(
  residentMB: () => Promise<number>,
  over: AbortSignal,
): Promise<number> {
  let megabytes = 0
  for (; !over.aborted; await sleep(50)) megabytes = Math.max(megabytes, await residentMB())
  return megabytes
}
