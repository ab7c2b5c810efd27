import type { ByteLimit } from '../byte-limit.ts'
import type { Clock } from '../clock.ts'
import { Problem } from '../http/problem.ts'
import { acquireUntil } from './hold-event.ts'

const MAX_WAIT_MS = 5000 // the real client waits for 100 s, but never sends again after a refusal

/** Waits until so many bytes of a body may be buffered. Throws a 503 when that takes too long. */
export type HoldUpload = (bytes: number) => Promise<void>

/** Calls `work` with a function that counts a body towards the buffered uploads until `work` has ended. */
export async function withUpload<T>(
  uploads: ByteLimit,
  clock: Clock,
  work: (hold: HoldUpload) => Promise<T>,
): Promise<T> {
  const releases: (() => void)[] = []
  let hasEnded = false
  const hold = async (bytes: number) => {
    const release = await acquireUntil(uploads, clock, bytes, clock.now() + MAX_WAIT_MS)
    if (release === undefined) throw busy()
    if (hasEnded)
      release() // the body did not arrive in time
    else releases.push(release)
  }
  try {
    return await work(hold)
  } finally {
    hasEnded = true
    for (const release of releases) release()
  }
}

const busy = () => new Problem(503, 'Too many large bodies are being received. Try again.')
